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
    case text(TextSearch)
    /// Pre-tokens, of which each is a match.
    case preTokens(PreTokenizer)
    case expression(PatternExpression)
  }

  /// A pattern that matches a text.
  public init(_ text: String) {
    source = .string(text)
    matcher = .text(TextSearch(Array(text.utf8)))
  }

  /// A pattern whose matches are pre-tokens, or `nil` where that takes more than one expression.
  public init?(_ pattern: PreTokenizerPattern) {
    guard let expression = pattern.huggingFaceExpression else { return nil }
    source = .expression(expression)
    if case .expression(let compiled) = pattern {
      matcher = .expression(compiled)
    } else {
      matcher = .preTokens(PreTokenizer(pattern: pattern))
    }
  }

  /// A pattern that is a regular expression.
  ///
  /// - Throws: ``TokenizerError/expression(_:_:)`` for one that cannot be compiled.
  public init(expression: String) throws(TokenizerError) {
    source = .expression(expression)
    do throws(ExpressionError) {
      let pattern = try PreTokenizerPattern(huggingFaceExpression: expression)
      if case .expression(let compiled) = pattern {
        matcher = .expression(compiled)
      } else {
        matcher = .preTokens(PreTokenizer(pattern: pattern))
      }
    } catch {
      throw .expression(expression, error)
    }
  }

  /// The pattern whose matches are pre-tokens, if this is no plain text.
  var preTokenizerPattern: PreTokenizerPattern? {
    switch matcher {
    case .text: nil
    case .preTokens(let preTokenizer): preTokenizer.pattern
    case .expression(let expression): .expression(expression)
    }
  }

  /// Calls `body` with the range of each match, from left to right.
  ///
  /// Matches do not overlap. A text without bytes has none; the empty pattern matches between
  /// any two characters, at the beginning and at the end.
  func forEachMatch(in text: Span<UInt8>, _ body: (Range<Int>) -> Void) {
    if text.isEmpty { return }
    switch matcher {
    case .text(let search): search.forEachOccurrence(in: text, body)
    case .preTokens(let preTokenizer): preTokenizer.forEachPreToken(in: text, body)
    case .expression(let expression): expression.forEachMatch(in: text, body)
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
