/// A text and the parts into which it is split so far.
struct PreTokens {
  /// The text.
  var text: AlignedText
  /// The pre-tokens: ranges of the text in order, none of them empty.
  var ranges: [Range<Int>]

  /// A text that is one pre-token, or none if it is empty.
  init(_ text: AlignedText) {
    self.text = text
    ranges = text.bytes.isEmpty ? [] : [0..<text.bytes.count]
  }

  /// Splits each pre-token at the matches of something.
  ///
  /// - Parameters:
  ///   - behavior: What becomes of the matches.
  ///   - isInverted: Whether what lies between the matches counts as the matches.
  ///   - forEachMatch: Calls its last argument with the range of each match in a text.
  mutating func split(
    _ behavior: SplitBehavior, isInverted: Bool = false,
    _ forEachMatch: (Span<UInt8>, (Range<Int>) -> Void) -> Void
  ) {
    var result: [Range<Int>] = []
    for range in ranges {
      var parts = MatchedParts()
      var position = 0
      let size = range.count
      forEachMatch(text.bytes.span.extracting(range)) { match in
        if position < match.lowerBound {
          parts.append(position..<match.lowerBound, isMatch: isInverted)
        }
        parts.append(match, isMatch: !isInverted)
        position = match.upperBound
      }
      if position < size { parts.append(position..<size, isMatch: isInverted) }
      for part in parts.preTokens(behavior) {
        result.append(range.lowerBound + part.lowerBound..<range.lowerBound + part.upperBound)
      }
    }
    ranges = result
  }

  /// Splits each pre-token at characters.
  ///
  /// - Parameter isMatch: Whether a code point is a match; a byte that is not UTF-8 is none.
  mutating func split(_ behavior: SplitBehavior, at isMatch: (UInt32) -> Bool) {
    split(behavior) { text, body in
      var position = 0
      while position < text.count {
        let (code, size) = UTF8Decoding.scalar(in: text, at: position)
        if let code, isMatch(code) { body(position..<position + size) }
        position += size
      }
    }
  }

  /// Writes each pre-token anew.
  ///
  /// - Parameter body: Gets the range of a pre-token, and writes what takes its place.
  mutating func rewrite(_ body: (Range<Int>, inout TextRewriter) -> Void) {
    var rewriter = TextRewriter(text)
    var result: [Range<Int>] = []
    for range in ranges {
      let start = rewriter.count
      body(range, &rewriter)
      if rewriter.count > start { result.append(start..<rewriter.count) }
    }
    text = rewriter.finish()
    ranges = result
  }
}
