/// A regular expression that splits text: its matches are pre-tokens, and so is what lies between
/// them.
///
/// It is read as tokenizers reads the `Regex` of a `Split`, in Oniguruma's syntax, and matches what
/// that matches, first alternatives first. What a single pass with one character of look-ahead cannot
/// do is refused, and so is what could take more than linear time.
///
///     let expression = try PatternExpression(#"\p{Han}|[^\s\p{Han}]+|\s+"#)
///     let preTokenizer = PreTokenizer(pattern: .expression(expression))
public struct PatternExpression: Sendable {
  /// The regular expression.
  public let text: String
  /// Whether matches leave nothing between them, whatever the text.
  public let coversEverything: Bool
  let matcher: ExpressionMatcher

  /// Compiles an expression.
  ///
  /// - Throws: ``ExpressionError``.
  public init(_ text: String) throws(ExpressionError) {
    self.text = text
    let program = try ExpressionProgram(ExpressionParser.parse(text))
    let automaton = try ExpressionAutomaton(program)
    coversEverything = automaton.coversEverything
    matcher = ExpressionMatcher(automaton)
  }

  /// Calls `body` with the range of each match, from left to right.
  ///
  /// Matches do not overlap. One of the empty text counts unless it is right behind another match; a
  /// text without bytes has none.
  ///
  /// - Complexity: O(*n*) time in the number of bytes, O(1) memory.
  public func forEachMatch(in text: Span<UInt8>, _ body: (Range<Int>) -> Void) {
    matcher.forEachMatch(in: text, body)
  }
}

extension PatternExpression: Hashable {
  /// Whether two expressions have the same bytes: equal strings may be canonical equivalents, which
  /// match different text.
  public static func == (a: PatternExpression, b: PatternExpression) -> Bool {
    a.text.utf8.elementsEqual(b.text.utf8)
  }

  /// Hashes the bytes.
  public func hash(into hasher: inout Hasher) {
    for byte in text.utf8 { hasher.combine(byte) }
  }
}
