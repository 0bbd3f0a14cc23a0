/// Strict decoding of UTF-8, one scalar at a time.
enum UTF8Decoding {
  /// The scalar that begins at a position and its size in bytes.
  ///
  /// - Returns: `nil` and 1 where no well-formed sequence begins: wrong lead, missing or wrong
  ///   continuation, overlong, surrogate, above U+10FFFF.
  /// - Precondition: `position` is within `bytes`.
  @inline(__always)
  static func scalar(in bytes: Span<UInt8>, at position: Int) -> (code: UInt32?, size: Int) {
    let first = UInt32(bytes[position])
    if first < 0x80 { return (first, 1) }
    let size = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0
    guard size > 0, position + size <= bytes.count else { return (nil, 1) }
    var code = first & (0x7F >> UInt32(size))
    for offset in 1..<size {
      let byte = UInt32(bytes[position + offset])
      guard byte & 0xC0 == 0x80 else { return (nil, 1) }
      code = code << 6 | byte & 0x3F
    }
    let isShortest = code >= (size == 2 ? 0x80 : size == 3 ? 0x800 : 0x10000)
    guard isShortest, code < 0x110000, code & 0xFFFF_F800 != 0xD800 else { return (nil, 1) }
    return (code, size)
  }

  /// Where the character before a position begins, of which there are four bytes at most.
  ///
  /// - Precondition: `position` is above 0 and at most the size of `bytes`.
  static func characterStart(before position: Int, in bytes: Span<UInt8>) -> Int {
    var start = position - 1
    while start > max(0, position - 4), bytes[start] & 0xC0 == 0x80 { start -= 1 }
    return start + scalar(in: bytes, at: start).size == position ? start : position - 1
  }
}
