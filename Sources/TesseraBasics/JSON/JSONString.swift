/// A string as a place in a JSON text: what is between its quotes.
///
/// The reader that it comes from has checked it, and decodes it.
public struct JSONString: Hashable, Sendable {
  /// The bytes between the quotes.
  public let range: Range<Int>
  /// Whether there are escapes among them; if not, the bytes are the string.
  public let hasEscapes: Bool
}

extension JSONReader {
  /// A string that this reader gave, decoded.
  public func string(_ string: JSONString) -> String {
    if !string.hasEscapes { return String(decoding: bytes[string.range], as: UTF8.self) }
    var decoded: [UInt8] = []
    append(string, to: &decoded)
    return String(decoding: decoded, as: UTF8.self)
  }

  /// Appends the UTF-8 of a string that this reader gave, decoded.
  public func append(_ string: JSONString, to output: inout [UInt8]) {
    if string.hasEscapes {
      decodeJSONString(bytes, string.range, into: &output)
    } else {
      output.append(contentsOf: bytes[string.range])
    }
  }

  /// Whether a string that this reader gave has the bytes of `text`.
  public func matches(_ string: JSONString, _ text: String) -> Bool {
    if !string.hasEscapes { return bytes[string.range].elementsEqual(text.utf8) }
    var decoded: [UInt8] = []
    append(string, to: &decoded)
    return decoded.elementsEqual(text.utf8)
  }
}

/// Checks a string's content up to its closing quote.
///
/// - Returns: The offset of the closing quote, and whether there are escapes before it.
func scanJSONString(
  _ bytes: Span<UInt8>, from start: Int
) throws(JSONError) -> (offset: Int, hasEscapes: Bool) {
  let count = bytes.count
  var position = start
  var hasEscapes = false
  while position < count {
    let byte = bytes[position]
    switch byte {
    case UInt8(ascii: "\""):
      return (position, hasEscapes)
    case UInt8(ascii: "\\"):
      hasEscapes = true
      position = try escapedScalar(bytes, at: position).end
    case 0x20..<0x80:
      position += 1
    case 0x80...:
      let length = scalarLength(bytes, at: position)
      if length == 0 { throw .invalidUTF8(offset: position) }
      position += length
    default:
      throw .controlCharacter(byte, offset: position)
    }
  }
  throw .unexpectedEnd(offset: count, expected: "the end of a string")
}

/// Appends a checked string's content with its escapes replaced.
func decodeJSONString(_ bytes: [UInt8], _ range: Range<Int>, into output: inout [UInt8]) {
  var position = range.lowerBound
  while position < range.upperBound {
    var end = position
    while end < range.upperBound, bytes[end] != UInt8(ascii: "\\") { end += 1 }
    output.append(contentsOf: bytes[position..<end])
    if end == range.upperBound { return }
    guard let escape = try? escapedScalar(bytes.span, at: end) else {
      preconditionFailure("the string was checked by a reader of this text")
    }
    position = escape.end
    if escape.scalar < 0x80 {
      output.append(UInt8(escape.scalar))
    } else if let units = Unicode.Scalar(escape.scalar).flatMap(UTF8.encode) {
      output.append(contentsOf: units)
    }
  }
}

/// What the escape at `start` stands for, and where it ends.
private func escapedScalar(
  _ bytes: Span<UInt8>, at start: Int
) throws(JSONError) -> (scalar: UInt32, end: Int) {
  if start + 1 >= bytes.count {
    throw .unexpectedEnd(offset: bytes.count, expected: "the rest of an escape")
  }
  switch bytes[start + 1] {
  case UInt8(ascii: "\""): return (0x22, start + 2)
  case UInt8(ascii: "\\"): return (0x5C, start + 2)
  case UInt8(ascii: "/"): return (0x2F, start + 2)
  case UInt8(ascii: "b"): return (0x08, start + 2)
  case UInt8(ascii: "f"): return (0x0C, start + 2)
  case UInt8(ascii: "n"): return (0x0A, start + 2)
  case UInt8(ascii: "r"): return (0x0D, start + 2)
  case UInt8(ascii: "t"): return (0x09, start + 2)
  case UInt8(ascii: "u"): break
  default: throw .invalidEscape(offset: start)
  }
  let first = try fourDigits(bytes, at: start)
  switch first {
  case 0xD800..<0xDC00:
    let next = start + 6
    guard next + 1 < bytes.count, bytes[next] == UInt8(ascii: "\\"),
      bytes[next + 1] == UInt8(ascii: "u")
    else { throw .loneSurrogate(offset: start) }
    let second = try fourDigits(bytes, at: next)
    guard (0xDC00..<0xE000).contains(second) else { throw .loneSurrogate(offset: start) }
    return (0x10000 + (first - 0xD800) << 10 + (second - 0xDC00), next + 6)
  case 0xDC00..<0xE000:
    throw .loneSurrogate(offset: start)
  default:
    return (first, start + 6)
  }
}

/// The number in `\uXXXX`.
private func fourDigits(_ bytes: Span<UInt8>, at start: Int) throws(JSONError) -> UInt32 {
  var value: UInt32 = 0
  for index in start + 2..<start + 6 {
    if index >= bytes.count {
      throw .unexpectedEnd(offset: bytes.count, expected: "the rest of an escape")
    }
    let digit: UInt8
    switch bytes[index] {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = bytes[index] - 0x30
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = bytes[index] - 0x57
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = bytes[index] - 0x37
    default: throw .invalidEscape(offset: start)
    }
    value = value << 4 | UInt32(digit)
  }
  return value
}

/// How many bytes the UTF-8 sequence at `start` has, 2 to 4; 0 if there is none.
///
/// The Unicode Standard, version 15.0, table 3-7, "Well-Formed UTF-8 Byte Sequences".
private func scalarLength(_ bytes: Span<UInt8>, at start: Int) -> Int {
  let length: Int
  let second: ClosedRange<UInt8>
  switch bytes[start] {
  case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
  case 0xE0: (length, second) = (3, 0xA0...0xBF)
  case 0xED: (length, second) = (3, 0x80...0x9F)
  case 0xE1...0xEF: (length, second) = (3, 0x80...0xBF)
  case 0xF0: (length, second) = (4, 0x90...0xBF)
  case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
  case 0xF4: (length, second) = (4, 0x80...0x8F)
  default: return 0
  }
  if start + length > bytes.count || !second.contains(bytes[start + 1]) { return 0 }
  for index in start + 2..<max(start + 2, start + length) where bytes[index] & 0xC0 != 0x80 {
    return 0
  }
  return length
}
