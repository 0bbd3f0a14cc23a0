/// Bytes written with 64 characters, padded: RFC 4648, section 4.
enum Base64 {
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  private static let values: [UInt8] = {
    var result = [UInt8](repeating: 255, count: 256)
    for (value, character) in alphabet.enumerated() { result[Int(character)] = UInt8(value) }
    return result
  }()

  /// Decodes padded base64; false if it is not that.
  static func decode(_ text: ArraySlice<UInt8>, to output: inout [UInt8]) -> Bool {
    guard text.count % 4 == 0, !text.isEmpty else { return false }
    var digits = text
    while digits.last == UInt8(ascii: "="), text.count - digits.count < 2 {
      digits = digits.dropLast()
    }
    var bits: UInt32 = 0
    var bitCount = 0
    for character in digits {
      let value = values[Int(character)]
      if value == 255 { return false }
      bits = bits << 6 | UInt32(value)
      bitCount += 6
      if bitCount >= 8 {
        bitCount -= 8
        output.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
        bits &= 1 << UInt32(bitCount) - 1
      }
    }
    // Bits of the last character beyond the last byte are zero.
    return bits == 0
  }

  /// Appends bytes as padded base64.
  static func append(_ bytes: ArraySlice<UInt8>, to output: inout [UInt8]) {
    var index = bytes.startIndex
    while index < bytes.endIndex {
      let count = min(3, bytes.endIndex - index)
      var bits: UInt32 = 0
      for offset in 0..<3 {
        bits = bits << 8 | (offset < count ? UInt32(bytes[index + offset]) : 0)
      }
      for digit in 0..<4 {
        let value = bits >> UInt32(18 - 6 * digit) & 63
        output.append(digit <= count ? alphabet[Int(value)] : UInt8(ascii: "="))
      }
      index += count
    }
  }

  /// Bytes as padded base64.
  static func string(of bytes: [UInt8]) -> String {
    var output: [UInt8] = []
    append(bytes[...], to: &output)
    return String(decoding: output, as: UTF8.self)
  }
}
