/// GPT-2's map between bytes and printable characters, in which tokenizer.json spells tokens.
///
/// The bytes 0x21–0x7E, 0xA1–0xAC and 0xAE–0xFF stand for the code points of the same number; the
/// other 68, in increasing order, for U+0100 and up. A space is `Ġ`, a line feed `Ċ`.
public enum ByteAlphabet {
  /// The code point for each byte.
  private static let codes: [UInt16] = {
    var next: UInt16 = 0x100
    return (0..<256).map { byte -> UInt16 in
      switch byte {
      case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return UInt16(byte)
      default:
        defer { next += 1 }
        return next
      }
    }
  }()

  /// The byte for each code point below U+0144; `UInt16.max` where there is none.
  private static let bytesOfCodes: [UInt16] = {
    var result = [UInt16](repeating: .max, count: 0x144)
    for (byte, code) in codes.enumerated() { result[Int(code)] = UInt16(byte) }
    return result
  }()

  /// The character that stands for a byte.
  public static func scalar(for byte: UInt8) -> Unicode.Scalar {
    // Every code is below the surrogates.
    Unicode.Scalar(codes[Int(byte)])!
  }

  /// The spelling of a byte string.
  public static func string(for bytes: some Sequence<UInt8>) -> String {
    var result = String.UnicodeScalarView()
    for byte in bytes { result.append(scalar(for: byte)) }
    return String(result)
  }

  /// The byte string that UTF-8 text spells, or `nil` if a character is not in the alphabet.
  public static func bytes(spelledBy text: Span<UInt8>) -> [UInt8]? {
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    return append(bytesSpelledBy: text, to: &result) ? result : nil
  }

  /// Appends the byte string that UTF-8 text spells.
  ///
  /// - Returns: Whether every character is in the alphabet; if not, what was appended is of no use.
  static func append(bytesSpelledBy text: Span<UInt8>, to result: inout [UInt8]) -> Bool {
    var index = 0
    while index < text.count {
      let first = text[index]
      index += 1
      // Most characters stand for themselves.
      if first &- 0x21 < 0x7F - 0x21 {
        result.append(first)
        continue
      }
      var code = Int(first)
      if first >= 0x80 {
        // The alphabet ends at U+0143: one or two bytes.
        guard first >= 0xC2, first <= 0xC5, index < text.count, text[index] & 0xC0 == 0x80 else {
          return false
        }
        code = Int(first & 0x1F) << 6 | Int(text[index] & 0x3F)
        index += 1
      }
      guard code < bytesOfCodes.count, bytesOfCodes[code] != .max else { return false }
      result.append(UInt8(bytesOfCodes[code]))
    }
    return true
  }

  /// Writes the byte string that UTF-8 text spells over bytes of an array, from a place on.
  ///
  /// - Precondition: There is room for as many bytes as the text has.
  /// - Returns: Where the byte string ends, or `nil` if a character is not in the alphabet.
  static func write(
    bytesSpelledBy text: Span<UInt8>, to output: inout MutableSpan<UInt8>, from start: Int
  ) -> Int? {
    var end = start
    var index = 0
    while index < text.count {
      let first = text[index]
      index += 1
      // Most characters stand for themselves.
      if first &- 0x21 < 0x7F - 0x21 {
        output[end] = first
      } else {
        guard first >= 0xC2, first <= 0xC5, index < text.count, text[index] & 0xC0 == 0x80 else {
          return nil
        }
        let code = Int(first & 0x1F) << 6 | Int(text[index] & 0x3F)
        index += 1
        guard code < bytesOfCodes.count, bytesOfCodes[code] != .max else { return nil }
        output[end] = UInt8(bytesOfCodes[code])
      }
      end += 1
    }
    return end
  }

  /// The byte string that text spells, or `nil` if a character is not in the alphabet.
  public static func bytes(spelledBy text: String) -> [UInt8]? {
    let utf8 = Array(text.utf8)
    return bytes(spelledBy: utf8.span)
  }
}
