internal import TesseraBasics
internal import TesseraTensors

/// Reads the numbers and texts of a regular file one after another; every read stays within the file.
struct BinaryReader: ~Copyable {
  private let file: InputFile
  /// Where the next read begins.
  private(set) var offset = 0
  private var buffer: [UInt8] = []
  private var bufferStart = 0

  private static let bufferSize = 1 << 20

  /// Opens a file.
  init(path: String) throws(WordVectorError) {
    do { file = try InputFile(path: path) } catch { throw .file(error) }
  }

  /// The path of the file.
  var path: String { file.path }

  /// How many bytes are left.
  var remaining: Int { file.size - offset }

  /// The error of content at a place.
  func fault(_ expected: String, at offset: Int) -> WordVectorError {
    .malformedFastText(path: path, offset: offset, expected: expected)
  }

  mutating func int8() throws(WordVectorError) -> Int8 { try number(1) }
  mutating func int32() throws(WordVectorError) -> Int32 { try number(4) }
  mutating func int64() throws(WordVectorError) -> Int { try number(8) }

  private mutating func number<Number: FixedWidthInteger>(
    _ size: Int
  ) throws(WordVectorError) -> Number {
    try fill(size)
    defer { offset += size }
    let start = offset - bufferStart
    return Number(littleEndianBytes: buffer[start..<start + size])
  }

  /// The bytes before the next zero byte, and steps over that.
  mutating func text(limit: Int) throws(WordVectorError) -> [UInt8] {
    var text: [UInt8] = []
    let place = offset
    while true {
      try fill(1)
      let start = offset - bufferStart
      let end = buffer[start...].firstIndex(of: 0)
      text += buffer[start..<(end ?? buffer.count)]
      if text.count > limit { throw fault("a word of at most \(limit) bytes", at: place) }
      offset = bufferStart + (end.map { $0 + 1 } ?? buffer.count)
      if end != nil { return text }
    }
  }

  /// Numbers of single precision.
  mutating func floats(_ count: Int) throws(WordVectorError) -> [Float] {
    do {
      let bytes = try file.read(at: offset, count: 4 * count)
      offset += bytes.count
      return ElementType.f32.floats(from: bytes)
    } catch {
      throw .file(error)
    }
  }

  mutating func skip(_ count: Int) throws(WordVectorError) {
    try fill(count)
    offset += count
  }

  /// Sees to it that the buffer holds so many bytes from `offset` on.
  private mutating func fill(_ count: Int) throws(WordVectorError) {
    if offset >= bufferStart, offset + count <= bufferStart + buffer.count { return }
    do {
      buffer = try file.read(at: offset, count: max(count, min(Self.bufferSize, remaining)))
    } catch {
      throw .file(error)
    }
    bufferStart = offset
  }
}
