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

  private struct Entry {
    var bytes: [UInt8]
    var token: AddedToken
  }

  /// In order of their bytes.
  private let entries: [Entry]
  /// Which bytes begin a token.
  private let beginsToken: [Bool]
  private let hasOnlySpecialTokens: Bool

  /// A matcher of tokens by the bytes that stand for them, no two of which are equal.
  init(_ tokens: [(bytes: [UInt8], token: AddedToken)]) {
    entries = tokens.map { Entry(bytes: $0.bytes, token: $0.token) }
      .sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    var beginsToken = [Bool](repeating: false, count: 256)
    for entry in entries { beginsToken[Int(entry.bytes[0])] = true }
    self.beginsToken = beginsToken
    hasOnlySpecialTokens = tokens.allSatisfy { $0.token.isSpecial }
  }

  /// Whether no text has a match under a policy.
  func isIdle(_ policy: SpecialTokenPolicy) -> Bool {
    entries.isEmpty || (policy == .none && hasOnlySpecialTokens)
  }

  /// The parts of a text, in order, without gaps and none of them empty but added tokens.
  ///
  /// - Throws: ``TokenizerError/specialTokenInText(_:offset:)`` under that policy.
  /// - Complexity: O(*n* · *l* · log *k*) time, with *k* tokens of at most *l* bytes, which is at
  ///   most ``TokenTable/maximumTokenSize``; where no token's first byte is, a step takes one
  ///   look-up.
  func parts(of text: Span<UInt8>, _ policy: SpecialTokenPolicy) throws(TokenizerError) -> [Part] {
    var parts: [Part] = []
    var partStart = 0
    var position = 0
    var whitespaceRunEnd = 0
    while position < text.count {
      guard beginsToken[Int(text[position])], let entry = longestMatch(in: text, at: position)
      else {
        position += 1
        continue
      }
      var start = position
      var end = position + entry.bytes.count
      position = end
      let token = entry.token
      if token.isSpecial {
        if policy == .none { continue }
        if policy == .error { throw .specialTokenInText(token.content, offset: start) }
      }
      if token.isSingleWord,
        isWordBefore(start, in: text) || isWordAfter(end, in: text)
      {
        continue
      }
      if token.stripsLeft { start = whitespaceStart(before: start, after: partStart, in: text) }
      if token.stripsRight {
        // A token that is white space itself may lie in a run that an earlier one has measured.
        if end > whitespaceRunEnd { whitespaceRunEnd = whitespaceEnd(after: end, in: text) }
        end = max(end, whitespaceRunEnd)
      }
      // White space that the token before took may be part of this one.
      start = max(start, partStart)
      if partStart < start { parts.append(Part(token: nil, range: partStart..<start)) }
      parts.append(Part(token: token.id, range: start..<max(start, end)))
      partStart = max(start, end)
    }
    if partStart < text.count { parts.append(Part(token: nil, range: partStart..<text.count)) }
    return parts
  }

  /// The size of the longest token at a position, or 0.
  func longestMatchSize(in text: Span<UInt8>, at position: Int) -> Int {
    guard beginsToken[Int(text[position])] else { return 0 }
    return longestMatch(in: text, at: position)?.bytes.count ?? 0
  }

  /// The longest token that the text has at a position.
  private func longestMatch(in text: Span<UInt8>, at position: Int) -> Entry? {
    // The entries that agree with the text so far are neighbors; each byte narrows them.
    var lower = 0
    var upper = entries.count
    var depth = 0
    var found: Entry?
    while lower < upper, position + depth < text.count {
      let byte = text[position + depth]
      lower = firstEntry(lower..<upper) { $0.bytes[depth] >= byte }
      upper = firstEntry(lower..<upper) { $0.bytes[depth] > byte }
      depth += 1
      // The shortest of the entries that agree comes first.
      if lower < upper, entries[lower].bytes.count == depth {
        found = entries[lower]
        lower += 1
      }
    }
    return found
  }

  /// The first of some entries for which a condition holds, which then holds for the rest.
  private func firstEntry(_ range: Range<Int>, where condition: (Entry) -> Bool) -> Int {
    var lower = range.lowerBound
    var upper = range.upperBound
    while lower < upper {
      let middle = (lower + upper) / 2
      if condition(entries[middle]) { upper = middle } else { lower = middle + 1 }
    }
    return lower
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
