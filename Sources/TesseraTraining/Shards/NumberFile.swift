import TesseraBasics

/// A file of little-endian numbers while it is written, behind a header that is filled in at the end.
///
/// It appears under its name, complete, with ``commit(header:)``; without, it leaves nothing.
struct NumberFile: ~Copyable {
  /// The bytes of a number.
  let width: Int
  /// How many numbers were appended.
  private(set) var count = 0
  private var file: AtomicFile
  private let headerSize: Int
  private var buffer: [UInt8] = []
  private var sum = Checksum()

  /// Numbers are written out when there are so many bytes of them.
  private static let bufferSize = 1 << 18

  /// Starts a file.
  ///
  /// - Parameters:
  ///   - path: Where it will be.
  ///   - width: The bytes of a number: 2, 4 or 8.
  ///   - headerSize: The bytes in front of the numbers.
  init(path: String, width: Int, headerSize: Int = 0) throws(ShardError) {
    precondition(width == 2 || width == 4 || width == 8, "numbers have 2, 4 or 8 bytes")
    self.width = width
    self.headerSize = headerSize
    do throws(FileError) {
      var file = try AtomicFile(path: path)
      try file.write([UInt8](repeating: 0, count: headerSize))
      self.file = file
    } catch {
      throw .file(error)
    }
  }

  /// The size of the file so far.
  var size: Int { headerSize + count * width }

  /// The path that the file will have.
  var path: String { file.path }

  /// Appends tokens.
  ///
  /// - Precondition: They fit the width.
  mutating func append(_ tokens: ArraySlice<UInt32>) throws(ShardError) {
    if width == 2 {
      append(bytesOf: tokens.map { UInt16($0).littleEndian })
    } else if width == 4 {
      append(bytesOf: tokens.map(\.littleEndian))
    } else {
      append(bytesOf: tokens.map { UInt64($0).littleEndian })
    }
    count += tokens.count
    if buffer.count >= Self.bufferSize { try writeOut() }
  }

  /// Appends a number.
  ///
  /// - Precondition: It fits the width.
  mutating func append(_ number: Int) throws(ShardError) {
    if width == 8 {
      buffer.append(littleEndian: UInt64(number))
    } else if width == 4 {
      buffer.append(littleEndian: UInt32(number))
    } else {
      buffer.append(littleEndian: UInt16(number))
    }
    count += 1
    if buffer.count >= Self.bufferSize { try writeOut() }
  }

  private mutating func append<Number: FixedWidthInteger>(bytesOf numbers: [Number]) {
    // SAFETY: the bytes are the array's storage, which has no padding, and are copied in the closure.
    unsafe numbers.withUnsafeBytes { unsafe buffer.append(contentsOf: $0) }
  }

  /// Writes what has been collected, as far as checksums take blocks; at the end all of it.
  private mutating func writeOut(all: Bool = false) throws(ShardError) {
    let size = all ? buffer.count : buffer.count - buffer.count % Checksum.blockSize
    // A checksum takes an odd number of bytes only once.
    if size == 0 { return }
    // Apart from `self`, which the file and the sum change in.
    var bytes: [UInt8] = []
    swap(&bytes, &buffer)
    // SAFETY: the bytes are the array's storage, used inside the closure alone.
    unsafe bytes.withUnsafeBytes {
      unsafe sum.update(UnsafeRawBufferPointer(rebasing: $0[..<size]))
    }
    do {
      try file.write(bytes.span.extracting(first: size))
    } catch {
      throw .file(error)
    }
    bytes.removeSubrange(..<size)
    buffer = bytes
  }

  /// The checksum of the numbers, of which none may be appended afterwards.
  mutating func checksum() throws(ShardError) -> UInt64 {
    try writeOut(all: true)
    return sum.value
  }

  /// Hands out the numbers so far, in order and in blocks.
  mutating func forEachBlock(
    _ body: ([UInt64]) throws(ShardError) -> Void
  ) throws(ShardError) {
    let run = try finished()
    try run.forEachBlock(in: 0..<count) { (_, numbers) throws(ShardError) in try body(numbers) }
  }

  /// The numbers as they can be read; none may be appended afterwards.
  mutating func finished() throws(ShardError) -> NumberRun {
    try writeOut(all: true)
    do {
      return NumberRun(
        file: try InputFile(path: try file.readablePath()), offset: headerSize, width: width,
        count: count)
    } catch {
      throw .file(error)
    }
  }

  /// Appends bytes behind the numbers, of which none may be appended afterwards.
  mutating func append(tail bytes: [UInt8]) throws(ShardError) {
    try writeOut(all: true)
    do {
      try file.write(bytes)
    } catch {
      throw .file(error)
    }
  }

  /// Appends all numbers of another file behind the numbers, of which none may be appended afterwards.
  mutating func append(tail other: NumberRun) throws(ShardError) {
    try writeOut(all: true)
    do {
      try file.append(
        copying: other.offset..<other.offset + other.count * other.width, of: other.file)
    } catch {
      throw .file(error)
    }
  }

  /// Fills in the header, and gives the file its name. Whose folder it is makes it durable.
  consuming func commit(header: [UInt8] = []) throws(ShardError) {
    precondition(header.count == headerSize, "a header has the size that was left for it")
    try writeOut(all: true)
    do throws(FileError) {
      if headerSize > 0 { try file.overwrite(header, at: 0) }
      try file.commit(durably: false)
    } catch {
      throw .file(error)
    }
  }
}
