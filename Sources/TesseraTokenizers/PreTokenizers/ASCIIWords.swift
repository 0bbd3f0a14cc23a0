/// Eight bytes at once: which ones are ASCII letters.
///
/// Each byte's lower seven bits are compared by adding what carries into its top bit; nothing carries
/// beyond, since the sums stay below 256.
enum ASCIIWords {
  @inline(__always)
  static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- UInt8(ascii: "a") < 26 }

  /// The top bits of the bytes that are no letters.
  @inline(__always)
  static func nonLetters(_ word: UInt64) -> UInt64 {
    outside(word, word | 0x2020_2020_2020_2020, UInt8(ascii: "a"))
  }

  /// The top bits of the bytes that are no letters in upper case.
  @inline(__always)
  static func nonUppers(_ word: UInt64) -> UInt64 { outside(word, word, UInt8(ascii: "A")) }

  /// The top bits of the bytes that are no letters in lower case.
  @inline(__always)
  static func nonLowers(_ word: UInt64) -> UInt64 { outside(word, word, UInt8(ascii: "a")) }

  /// The top bits of the bytes that are beyond ASCII or not among the 26 from `first` on.
  @inline(__always)
  private static func outside(_ word: UInt64, _ folded: UInt64, _ first: UInt8) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let low = folded & 0x7F7F_7F7F_7F7F_7F7F
    let notBelow = low &+ ones &* UInt64(0x80 - first)
    let above = low &+ ones &* UInt64(0x80 - first - 26)
    return (~notBelow | above | word) & 0x8080_8080_8080_8080
  }
}
