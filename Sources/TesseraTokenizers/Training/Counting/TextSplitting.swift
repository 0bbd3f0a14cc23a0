/// How a corpus becomes pre-tokens: added tokens cut out, the rest normalized, then split.
///
/// The same steps in the same order as when a tokenizer encodes: one that is still to be trained,
/// or one that is there already.
package struct TextSplitting: Sendable {
  let preTokenizer: PreTokenizer
  let normalization: Normalization
  let cutter: SpecialTokenCutter
  /// Whether a text is split only where the characters on both sides tell what words are there.
  var tellsWords = false
  /// The tokenizer that is there already.
  private let tokenizer: Tokenizer?

  /// The steps of a tokenizer to be trained.
  init(_ options: CountingOptions) {
    self.init(
      pattern: options.pattern, normalization: options.normalization,
      specialTokens: options.specialTokens)
  }

  /// The steps of a tokenizer to be trained.
  package init(
    pattern: PreTokenizerPattern, normalization: Normalization, specialTokens: [String]
  ) {
    preTokenizer = PreTokenizer(pattern: pattern)
    self.normalization = normalization
    cutter = SpecialTokenCutter(specialTokens.map { Array($0.utf8) })
    tokenizer = nil
  }

  /// The steps of a tokenizer.
  init(_ tokenizer: Tokenizer) {
    preTokenizer = PreTokenizer(pattern: tokenizer.pattern)
    normalization = tokenizer.normalization
    let contents = tokenizer.addedTokens.map { Array($0.content.utf8) }
    cutter = SpecialTokenCutter(contents + contents.map(tokenizer.normalization.normalized))
    self.tokenizer = tokenizer
  }

  /// Counts the pre-tokens of a text, or of a part between safe splits.
  ///
  /// - Parameter recent: What is counted beside the table, until it is settled.
  /// - Throws: ``TokenizerError/textGrowsTooLong(size:limit:)`` where a tokenizer's steps make it.
  func count(
    _ text: Span<UInt8>, into table: inout PreTokenTable, beside recent: RecentPreTokens
  ) throws(TokenizerError) {
    func countPreTokens(of text: Span<UInt8>) {
      table.add(preTokensOf: text, preTokenizer, beside: recent)
    }
    if let tokenizer {
      try tokenizer.forEachPart(of: text, special: .all) { token, part, _ in
        if token == nil { countPreTokens(of: part) }
      }
      return
    }
    cutter.forEachPart(of: text) { range in
      let part = text.extracting(range)
      if let normalized = normalization.normalized(part) {
        countPreTokens(of: normalized.span)
      } else {
        countPreTokens(of: part)
      }
    }
  }

  /// How far a split must stay away from the end of the text that is there: a character and an
  /// added token that begin before the split must be whole.
  var lookAhead: Int { 4 * max(1, cutter.longest) + 4 }

  /// The last safe split of the beginning of a document.
  ///
  /// Its parts give the pre-tokens of the whole when they go through all steps on their own:
  ///
  /// - the pre-tokenizer begins a pre-token there;
  /// - no added token spans or touches the split, whatever comes after the text that is there;
  /// - under a normalization, the character before it is a letter that is its own normal form and
  ///   the one after it stays as it is and combines with nothing before it, so neither changes
  ///   class;
  /// - if the tokenizer puts a space before texts, there is one already.
  ///
  /// - Parameter start: The split must be greater.
  /// - Returns: The position, or nil if there is none.
  package func safeSplit(of text: Span<UInt8>, after start: Int) -> Int? {
    // Of a tokenizer that is there, tokens may be found in normalized text as well; normal forms are at
    // most a few times longer or shorter, so the margin is enough.
    var near = cutter.nearTokens(margin: cutter.longest, downTo: start)
    var nearNormalized =
      tokenizer == nil || normalization == .none
      ? nil : cutter.nearTokens(in: normalization, margin: lookAhead, downTo: start)
    var limit = text.count - lookAhead
    while limit > start {
      guard let position = preTokenizer.safeSplit(before: limit, after: start, in: text) else {
        return nil
      }
      if near?.contains(position, in: text) != true, isSafe(position, in: text),
        nearNormalized?.contains(position, in: text) != true
      {
        return position
      }
      limit = position - 1
    }
    return nil
  }

  /// Whether a text may be cut at a position as far as its neighbors tell.
  private func isSafe(_ position: Int, in text: Span<UInt8>) -> Bool {
    if tellsWords, !Words.areTold(at: position, in: text) { return false }
    if tokenizer?.addsPrefixSpace == true && text[position] != UInt8(ascii: " ") { return false }
    if normalization == .none { return true }
    guard normalization.isIndependent(at: position, in: text) else { return false }
    let letterStart = UTF8Decoding.characterStart(before: position, in: text)
    return normalization.normalized(text.extracting(letterStart..<position)) == nil
  }
}
