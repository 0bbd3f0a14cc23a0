// Protocol buffers, the encoding of messages:
//
//   a message      fields, one after another; what a later field says replaces or follows what an
//                  earlier one of the same number has said
//   a field        a key, a varint: the field's number shifted left by three, and its wire type
//   wire type 0    a varint: seven bits a byte, the lowest first; the highest bit says that more follow
//   wire type 1    eight bytes
//   wire type 2    a size, a varint, and so many bytes: text, bytes, or a message
//   wire type 5    four bytes, little-endian
//
// protobuf.dev, "Encoding". Groups (wire types 3 and 4) are in no message that is read here.

internal import TesseraBasics

/// Reads one message field by field; fields that nobody asks for are skipped.
struct ProtobufReader {
  /// How a field's value is written.
  enum WireType: UInt64 {
    case varint = 0
    case eightBytes = 1
    case sized = 2
    case fourBytes = 5
  }

  private let bytes: [UInt8]
  private var position: Int
  private let end: Int
  /// The field whose value is to be read next.
  private var type = WireType.varint

  /// A message that is all of some bytes, or a part of them.
  init(_ bytes: [UInt8], in range: Range<Int>? = nil) {
    self.bytes = bytes
    position = range?.lowerBound ?? 0
    end = range?.upperBound ?? bytes.count
  }

  /// The number of the next field, whose value must be read or skipped next; `nil` at the end.
  ///
  /// - Throws: ``TokenizerError/malformedBytes(offset:expected:)``, as all others do.
  mutating func nextField() throws(TokenizerError) -> Int? {
    if position == end { return nil }
    let start = position
    let key = try varint()
    guard let type = WireType(rawValue: key & 7), key >> 3 > 0, key >> 3 < 1 << 29 else {
      throw .malformedBytes(offset: start, expected: "a field of a message")
    }
    self.type = type
    return Int(key >> 3)
  }

  /// Takes a number.
  mutating func readInt() throws(TokenizerError) -> Int {
    try check(.varint, "a number")
    return Int(truncatingIfNeeded: try varint())
  }

  /// Takes `true` or `false`.
  mutating func readBool() throws(TokenizerError) -> Bool { try readInt() != 0 }

  /// Takes a number of four bytes.
  mutating func readFloat() throws(TokenizerError) -> Float {
    try check(.fourBytes, "a number of four bytes")
    return Float(bitPattern: UInt32(littleEndianBytes: bytes[try take(4)]))
  }

  /// Takes text, bytes or a message: where it is.
  mutating func readRange() throws(TokenizerError) -> Range<Int> {
    try check(.sized, "text or a message")
    return try sized()
  }

  /// Takes bytes.
  mutating func readBytes() throws(TokenizerError) -> [UInt8] { Array(bytes[try readRange()]) }

  /// Takes a message.
  mutating func readMessage() throws(TokenizerError) -> ProtobufReader {
    ProtobufReader(bytes, in: try readRange())
  }

  /// Leaves a value out.
  mutating func skip() throws(TokenizerError) {
    switch type {
    case .varint: _ = try varint()
    case .eightBytes: _ = try take(8)
    case .sized: _ = try sized()
    case .fourBytes: _ = try take(4)
    }
  }

  private func check(_ wanted: WireType, _ expected: String) throws(TokenizerError) {
    if type != wanted { throw .malformedBytes(offset: position, expected: expected) }
  }

  private mutating func sized() throws(TokenizerError) -> Range<Int> {
    let start = position
    let size = try varint()
    guard size <= UInt64(end - position) else {
      throw .malformedBytes(
        offset: start, expected: "a size of at most the \(end - position) bytes that are left")
    }
    return try take(Int(size))
  }

  private mutating func take(_ count: Int) throws(TokenizerError) -> Range<Int> {
    guard count <= end - position else {
      throw .malformedBytes(offset: position, expected: "\(count) bytes")
    }
    position += count
    return position - count..<position
  }

  private mutating func varint() throws(TokenizerError) -> UInt64 {
    let start = position
    var value: UInt64 = 0
    for shift in stride(from: 0 as UInt64, to: 64, by: 7) {
      guard position < end else { break }
      let byte = bytes[position]
      position += 1
      if shift == 63, byte > 1 { break }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    throw .malformedBytes(offset: start, expected: "a number of up to 64 bits")
  }
}
