/// What `Split` and `Replace` look for: a text, or a regular expression.
///
/// Two patterns are equal if they are spelled alike.
public struct TextPattern: Sendable {
  /// How a tokenizer.json spells a pattern.
  public enum Source: Hashable, Sendable {
    /// The text itself (`String`).
    case string(String)
    /// A regular expression of Oniguruma (`Regex`).
    case expression(String)
  }

  /// The pattern as it is written.
  public let source: Source
  private let matcher: Matcher

  private enum Matcher: Sendable {
    case text([UInt8])
    /// Pre-tokens, of which each is a match.
    case preTokens(PreTokenizer)
  }

  /// A pattern that matches a text.
  public init(_ text: String) {
    source = .string(text)
    matcher = .text(Array(text.utf8))
  }

  /// A pattern whose matches are the pre-tokens of a known pattern, or `nil` for
  /// ``PreTokenizerPattern/none``.
  public init?(_ pattern: PreTokenizerPattern) {
    guard let expression = pattern.huggingFaceExpression else { return nil }
    source = .expression(expression)
    matcher = .preTokens(PreTokenizer(pattern: pattern))
  }

  /// A pattern that is a regular expression.
  ///
  /// - Throws: ``TokenizerError/unsupported(part:name:advice:)`` for all but the expressions of
  ///   ``PreTokenizerPattern``.
  public init(expression: String) throws(TokenizerError) {
    source = .expression(expression)
    matcher = try Self.matcher(ofExpression: expression)
  }

  /// The one place that turns a regular expression into something that finds its matches.
  private static func matcher(ofExpression expression: String) throws(TokenizerError) -> Matcher {
    if let pattern = PreTokenizerPattern(expression: expression) {
      guard !PreTokenizerPattern.isTiktokenOnly(expression: expression) else {
        throw .unsupported(
          part: "pattern", name: expression,
          advice: "$ and possessive repetitions mean something else to tokenizers than to tiktoken")
      }
      return .preTokens(PreTokenizer(pattern: pattern))
    }
    let known = PreTokenizerPattern.allCases.map(\.rawValue).joined(separator: ", ")
    throw .unsupported(part: "pattern", name: expression, advice: "known are those of \(known)")
  }

  /// The known pattern that this is.
  var preTokenizerPattern: PreTokenizerPattern? {
    if case .preTokens(let preTokenizer) = matcher { preTokenizer.pattern } else { nil }
  }

  /// Calls `body` with the range of each match, from left to right.
  ///
  /// Matches do not overlap. A text without bytes has none; the empty pattern matches at every
  /// other place between two characters, at the beginning and at the end.
  func forEachMatch(in text: Span<UInt8>, _ body: (Range<Int>) -> Void) {
    if text.isEmpty { return }
    switch matcher {
    case .text(let pattern): forEachOccurrence(of: pattern, in: text, body)
    case .preTokens(let preTokenizer): preTokenizer.forEachPreToken(in: text, body)
    }
  }

  private func forEachOccurrence(
    of pattern: [UInt8], in text: Span<UInt8>, _ body: (Range<Int>) -> Void
  ) {
    var position = 0
    guard let first = pattern.first else {
      while position < text.count {
        body(position..<position)
        position += UTF8Decoding.scalar(in: text, at: position).size
      }
      return body(position..<position)
    }
    while position + pattern.count <= text.count {
      if text[position] == first, text.hasPrefix(pattern, at: position) {
        body(position..<position + pattern.count)
        position += pattern.count
      } else {
        position += 1
      }
    }
  }
}

extension TextPattern: Hashable {
  /// Whether two patterns are spelled alike, byte by byte.
  public static func == (a: TextPattern, b: TextPattern) -> Bool {
    switch (a.source, b.source) {
    case (.string(let a), .string(let b)), (.expression(let a), .expression(let b)):
      a.utf8.elementsEqual(b.utf8)
    default: false
    }
  }

  /// Hashes the spelling.
  public func hash(into hasher: inout Hasher) {
    switch source {
    case .string(let text), .expression(let text):
      for byte in text.utf8 { hasher.combine(byte) }
    }
  }
}

extension Span<UInt8> {
  /// Whether bytes stand at a position.
  func hasPrefix(_ prefix: [UInt8], at position: Int = 0) -> Bool {
    guard position + prefix.count <= count else { return false }
    for index in prefix.indices where self[position + index] != prefix[index] { return false }
    return true
  }
}
