extension Encoding {
  /// The same tokens, with spaces at the ends of each left out of its offsets.
  ///
  /// - Parameters:
  ///   - texts: The text of each sequence.
  ///   - keepsFirstSpace: Whether a space may have been put before the text, so that a single one
  ///     at its beginning stays.
  ///   - spelling: How a token is spelled; a space as `Ġ`, or as it is in added tokens.
  func trimmed(
    in texts: [[UInt8]], keepsFirstSpace: Bool, _ spelling: (Encoding, Int) -> [UInt8]
  ) -> Encoding {
    var result = self
    result.mapOffsets { encoding in
      encoding.offsets.enumerated().map { index, range in
        guard let sequence = encoding.sequenceIndices[index] else { return range }
        let token = Array(
          String(decoding: spelling(encoding, index), as: UTF8.self).unicodeScalars)
        var leading = Self.spaceCount(token)
        if leading == 1, keepsFirstSpace, index == 0 || range.lowerBound == 0 { leading = 0 }
        let trailing = Self.spaceCount(token.reversed())
        return Self.range(range, in: texts[sequence], without: leading, and: trailing)
      }
    }
    return result
  }

  /// How many spaces a token begins with.
  private static func spaceCount(_ token: some Sequence<Unicode.Scalar>) -> Int {
    let space = ByteAlphabet.scalar(for: UInt8(ascii: " "))
    var count = 0
    for scalar in token {
      guard
        scalar == space || CharacterClassTable.shared[scalar.value].contains(.whitespace)
      else { break }
      count += 1
    }
    return count
  }

  /// A range without so many characters at its ends.
  private static func range(
    _ range: Range<Int>, in text: [UInt8], without leading: Int, and trailing: Int
  ) -> Range<Int> {
    var start = range.lowerBound
    var end = range.upperBound
    for _ in 0..<leading where start < end {
      start += UTF8Decoding.scalar(in: text.span, at: start).size
    }
    for _ in 0..<trailing where end > start {
      end -= 1
      while end > start, text[end] & 0xC0 == 0x80 { end -= 1 }
    }
    return min(start, end)..<end
  }
}
