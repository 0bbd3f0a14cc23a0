/// Finds added tokens in a text: at each place the longest, from left to right.
///
/// The rules are those of tokenizers: a match that its flags reject is not tried again with a
/// shorter token, white space is taken from the left only up to the previous match, and a special
/// token that the policy turns into text still hides what overlaps it.
struct AddedTokenMatcher: Sendable {
  /// A part of a text: an added token, or what lies between two of them.
  struct Part {
    var token: TokenID?
    var range: Range<Int>
  }

  private let sizes: [Int]
  private let tokens: [AddedToken]
  private let automaton: TokenAutomaton
  /// The size of the longest token.
  private let longest: Int
  private let hasOnlySpecialTokens: Bool
  private let hasStrippingTokens: Bool

  /// A matcher of tokens by the bytes that stand for them, no two of which are equal.
  init(_ tokens: [(bytes: [UInt8], token: AddedToken)]) {
    sizes = tokens.map(\.bytes.count)
    self.tokens = tokens.map(\.token)
    automaton = TokenAutomaton(tokens.map(\.bytes))
    longest = sizes.max() ?? 0
    hasOnlySpecialTokens = tokens.allSatisfy { $0.token.isSpecial }
    hasStrippingTokens = tokens.contains { $0.token.stripsLeft }
  }

  /// Whether no text has a match under a policy.
  func isIdle(_ policy: SpecialTokenPolicy) -> Bool {
    tokens.isEmpty || (policy == .none && hasOnlySpecialTokens)
  }

  /// The parts of a text, in order, without gaps and none of them empty but added tokens.
  ///
  /// - Throws: ``TokenizerError/specialTokenInText(_:offset:)`` under that policy.
  /// - Complexity: O(*n*) time, and memory in the number of places where tokens begin.
  func parts(of text: Span<UInt8>, _ policy: SpecialTokenPolicy) throws(TokenizerError) -> [Part] {
    var parts: [Part] = []
    var cursor = Cursor()
    try forEachPart(of: text, from: &cursor, isComplete: true, policy) { part, _ in
      if part.token != nil || !part.range.isEmpty { parts.append(part) }
    }
    return parts
  }

  /// How far a text has been looked through.
  struct Cursor {
    /// Where the next token may begin.
    var position = 0
    /// What is before has been handed out.
    var partStart = 0
    /// Where white space ends that a token has taken.
    var whitespaceRunEnd = 0

    /// The same place in a text without its first bytes.
    mutating func drop(_ count: Int) {
      position -= count
      partStart -= count
      whitespaceRunEnd -= count
    }
  }

  /// How many bytes before a cursor have to be kept: a token asks for the character before it.
  static let contextSize = 4

  /// Hands out the parts of a text that do not depend on what follows.
  ///
  /// - Parameters:
  ///   - text: The text as far as it is there.
  ///   - cursor: How far it was handed out before, and is now.
  ///   - isComplete: Whether it is the whole text.
  ///   - policy: What to do with special tokens.
  ///   - body: Gets a part, and whether text ends with it: because a token follows, or the end. Text
  ///     comes before each token and the end, if only an empty part of it.
  /// - Throws: ``TokenizerError/specialTokenInText(_:offset:)`` under that policy.
  func forEachPart(
    of text: Span<UInt8>, from cursor: inout Cursor, isComplete: Bool,
    _ policy: SpecialTokenPolicy, _ body: (Part, Bool) throws(TokenizerError) -> Void
  ) throws(TokenizerError) {
    // From here on a token may still be there, or be longer, or have another character beside it.
    var limit = isComplete ? text.count : max(0, text.count - longest - 4)
    for match in matches(in: text, from: cursor.position) {
      if match.position < cursor.position { continue }
      if match.position >= limit { break }
      let token = tokens[match.token]
      var start = match.position
      var end = start + sizes[match.token]
      var whitespaceRunEnd = cursor.whitespaceRunEnd
      if token.isSpecial {
        if policy == .none {
          cursor.position = end
          continue
        }
        if policy == .error { throw .specialTokenInText(token.content, offset: start) }
      }
      if token.isSingleWord, isWordBefore(start, in: text) || isWordAfter(end, in: text) {
        cursor.position = end
        continue
      }
      if token.stripsRight {
        // A token that is white space itself may lie in a run that an earlier one has measured.
        if end > whitespaceRunEnd { whitespaceRunEnd = whitespaceEnd(after: end, in: text) }
        if !isComplete, whitespaceRunEnd + 4 > text.count {
          limit = match.position
          break
        }
      }
      cursor.position = end
      if token.stripsLeft {
        start = whitespaceStart(before: start, after: cursor.partStart, in: text)
      }
      if token.stripsRight {
        cursor.whitespaceRunEnd = whitespaceRunEnd
        end = max(end, whitespaceRunEnd)
      }
      // White space that the token before took may be part of this one.
      start = max(start, cursor.partStart)
      end = max(start, end)
      try body(Part(token: nil, range: cursor.partStart..<start), true)
      try body(Part(token: token.id, range: start..<end), true)
      cursor.partStart = end
    }
    if isComplete {
      try body(Part(token: nil, range: cursor.partStart..<text.count), true)
      cursor.partStart = text.count
      return
    }
    cursor.position = max(cursor.position, limit)
    for _ in 0..<3 where limit > 0 && text[limit] & 0xC0 == 0x80 { limit -= 1 }
    if hasStrippingTokens {
      limit = whitespaceStart(before: limit, after: min(limit, cursor.partStart), in: text)
    }
    if limit > cursor.partStart {
      try body(Part(token: nil, range: cursor.partStart..<limit), false)
      cursor.partStart = limit
    }
  }

  private struct Match {
    var position: Int
    var token: Int
  }

  /// The longest token at each place where one begins, in order.
  private func matches(in text: Span<UInt8>, from start: Int) -> ReversedCollection<[Match]> {
    var matches: [Match] = []
    automaton.forEachLongestMatch(in: text.extracting(min(start, text.count)..<text.count)) {
      matches.append(Match(position: start + $0, token: $1))
    }
    return matches.reversed()
  }

  /// The longest token at each place, whatever its flags.
  ///
  /// - Complexity: O(*n*) time, and memory in the number of places where tokens begin.
  func longestMatches(in text: Span<UInt8>) -> LongestMatches {
    var result = LongestMatches()
    if tokens.isEmpty { return result }
    forEachLongestMatch(in: text) { result.rest.append(($0.lowerBound, $0.count)) }
    return result
  }

  /// The longest token at each place of a text, asked for from left to right.
  struct LongestMatches {
    /// The last one first.
    fileprivate var rest: [(position: Int, size: Int)] = []

    /// The size of the longest token at a place, or 0.
    mutating func size(at position: Int) -> Int {
      while let next = rest.last, next.position < position { rest.removeLast() }
      guard let next = rest.last, next.position == position else { return 0 }
      return next.size
    }
  }

  /// Calls `body` with the range of the longest token at each place, whatever its flags, the last one
  /// first.
  func forEachLongestMatch(in text: Span<UInt8>, _ body: (Range<Int>) -> Void) {
    automaton.forEachLongestMatch(in: text) { body($0..<$0 + sizes[$1]) }
  }

  // MARK: Neighbors

  private func isWordBefore(_ position: Int, in text: Span<UInt8>) -> Bool {
    guard let start = characterStart(before: position, in: text),
      let code = UTF8Decoding.scalar(in: text, at: start).code
    else { return false }
    return WordCharacters.contains(code)
  }

  private func isWordAfter(_ position: Int, in text: Span<UInt8>) -> Bool {
    guard position < text.count, let code = UTF8Decoding.scalar(in: text, at: position).code
    else { return false }
    return WordCharacters.contains(code)
  }

  private func whitespaceStart(
    before position: Int, after limit: Int, in text: Span<UInt8>
  ) -> Int {
    var start = position
    while start > limit, let before = characterStart(before: start, in: text),
      let code = UTF8Decoding.scalar(in: text, at: before).code,
      CharacterClassTable.shared[code].contains(.whitespace)
    {
      start = before
    }
    return max(start, limit)
  }

  private func whitespaceEnd(after position: Int, in text: Span<UInt8>) -> Int {
    var end = position
    while end < text.count {
      let (code, size) = UTF8Decoding.scalar(in: text, at: end)
      guard let code, CharacterClassTable.shared[code].contains(.whitespace) else { break }
      end += size
    }
    return end
  }

  /// Where the character that ends at a position begins; `nil` at the start of the text.
  private func characterStart(before position: Int, in text: Span<UInt8>) -> Int? {
    guard position > 0 else { return nil }
    var start = position - 1
    while start > 0, position - start < 4, text[start] & 0xC0 == 0x80 { start -= 1 }
    return start + UTF8Decoding.scalar(in: text, at: start).size == position ? start : position - 1
  }
}
