#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The content of a file from its beginning to its end, decompressed on the way.
///
/// For text that is too large for memory: whatever the file's size and ratio, a stream takes some
/// hundred kilobytes, and what a zstd frame asks for, up to 128 MiB. Names that end in `.gz` and
/// `.zst` are decompressed; `-` is standard input, which is decompressed if it begins like one of
/// the two. Pipes and devices can be read, folders cannot.
///
///     var stream = try ByteStream(path: "corpus.txt.gz")
///     var piece: [UInt8] = []
///     while try stream.read(into: &piece, count: 65_536) > 0 { use(piece); piece.removeAll() }
public struct ByteStream: ~Copyable {
  /// The path it was opened by.
  public let path: String
  /// How the file is compressed, if it is.
  public let format: CompressionFormat?
  /// How many bytes of content were read so far.
  public private(set) var position = 0

  private var source: BufferedSource
  private let decoder: (any Decoder)?
  /// Whether a member or frame has begun and not ended.
  private var isInsideFrame = false
  /// Where the current or next member or frame begins.
  private var frameStart = 0
  private var frameCount = 0

  /// How many bytes of the file itself were used so far; fewer than ``position`` if compressed.
  public var bytesRead: Int { source.offset }

  /// Opens a file, or standard input for `-`.
  ///
  /// - Throws: ``CompressionError/file(_:)``.
  public init(path: String) throws(CompressionError) {
    var source: BufferedSource
    var format = CompressionFormat(suffixOf: path)
    if path == "-" {
      source = BufferedSource(standardInputAs: "standard input")
      if try source.fill(atLeast: CompressionFormat.magicSize) {
        format = CompressionFormat.allCases.first { $0.canBegin(with: source.unused) }
      }
    } else {
      do {
        source = try BufferedSource(path: path)
      } catch {
        throw .file(error)
      }
    }
    self.path = path
    self.format = format
    self.source = source
    switch format {
    case .gzip: decoder = GzipDecoder()
    case .zstd: decoder = ZstdDecoder()
    case nil: decoder = nil
    }
  }

  /// Appends up to `count` bytes of content to `output`.
  ///
  /// - Returns: How many there were, less than `count` at any time; 0 at the end.
  /// - Throws: ``CompressionError``; the stream is then of no further use.
  /// - Precondition: `count` is positive.
  public mutating func read(
    into output: inout [UInt8], count: Int
  ) throws(CompressionError) -> Int {
    var failure: CompressionError?
    let piece = unsafe [UInt8](unsafeUninitializedCapacity: count) { room, initializedCount in
      // SAFETY: the room has `count` bytes, and as many are initialized as were produced.
      do throws(CompressionError) {
        initializedCount = try unsafe read(into: UnsafeMutableRawBufferPointer(room))
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    output.append(contentsOf: piece)
    return piece.count
  }

  /// Puts content into a buffer, as much as is at hand; 0 at the end.
  ///
  /// - Precondition: The buffer is not empty.
  public mutating func read(
    into output: UnsafeMutableRawBufferPointer
  ) throws(CompressionError) -> Int {
    precondition(output.count > 0, "the buffer is not empty")
    let count =
      if let decoder, let format {
        try unsafe decode(into: output, decoder, format)
      } else {
        try unsafe source.read(into: output)
      }
    position += count
    return count
  }

  private mutating func decode(
    into output: UnsafeMutableRawBufferPointer, _ decoder: any Decoder, _ format: CompressionFormat
  ) throws(CompressionError) -> Int {
    while true {
      let isAtEnd = try !source.fill(atLeast: 1)
      if !isInsideFrame {
        if isAtEnd, frameCount > 0 { return 0 }
        try checkFrameStart(format)
      }
      let step = unsafe source.consume { (input) -> (Int, DecoderStep) in
        let step = unsafe decoder.decode(input, into: output)
        return (step.consumed, step)
      }
      switch step.status {
      case .finished:
        isInsideFrame = false
        frameCount += 1
        frameStart = source.offset
      case .unfinished:
        isInsideFrame = isInsideFrame || step.consumed > 0
      case .corrupt:
        throw .corrupt(path: path, format: format, offset: source.offset)
      case .windowTooLarge:
        throw .windowTooLarge(
          path: path, offset: frameStart, limit: ZstdDecoder.windowLimit)
      }
      if step.produced > 0 { return step.produced }
      if step.status == .finished { continue }
      if isAtEnd { throw .truncated(path: path, format: format, offset: source.offset) }
      if step.consumed == 0 { throw .corrupt(path: path, format: format, offset: source.offset) }
    }
  }

  private mutating func checkFrameStart(_ format: CompressionFormat) throws(CompressionError) {
    try source.fill(atLeast: CompressionFormat.magicSize)
    if format.canBegin(with: source.unused) { return }
    if frameCount == 0 { throw .corrupt(path: path, format: format, offset: source.offset) }
    throw .trailingBytes(path: path, format: format, offset: source.offset)
  }

  /// The whole content of a file.
  ///
  /// - Parameters:
  ///   - path: The file; its name says how it is compressed.
  ///   - limit: The most bytes of content there may be. What is larger is refused when so much has
  ///     been read, so a small file that stands for a huge one costs no more.
  /// - Throws: ``CompressionError``.
  public static func contents(
    of path: String, limit: Int
  ) throws(CompressionError) -> [UInt8] {
    var stream = try ByteStream(path: path)
    var content: [UInt8] = []
    while try stream.read(into: &content, count: 1 << 18) > 0 {
      if content.count > limit { throw .contentTooLarge(path: path, limit: limit) }
    }
    return content
  }
}
