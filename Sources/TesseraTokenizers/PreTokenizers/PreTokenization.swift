/// How text is split before it is merged: what the member `pre_tokenizer` of a tokenizer.json says.
///
/// Each case is the part of tokenizers with the same name, and does what it does. A byte that is not
/// UTF-8 is a character without any class. See ``PreTokenizer`` for the patterns in common use.
public indirect enum PreTokenization: Hashable, Sendable {
  /// Bytes become the characters that stand for them in ``ByteAlphabet``.
  ///
  /// - addsPrefixSpace: Whether a space is put before each text that does not begin with one.
  /// - usesExpression: Whether text is split by ``PreTokenizerPattern/gpt2`` before.
  /// - trimsOffsets: Carried over; it means something to post-processors only.
  case byteLevel(addsPrefixSpace: Bool, usesExpression: Bool, trimsOffsets: Bool)
  /// Splits at the matches of a pattern, or, inverted, at what lies between them.
  case split(TextPattern, SplitBehavior, isInverted: Bool)
  /// Splits at numbers, each digit on its own or all that follow one another together.
  case digits(areIndividual: Bool)
  /// Splits at punctuation.
  case punctuation(SplitBehavior)
  /// Words, and runs of other characters; white space is left out.
  case whitespace
  /// What lies between white space.
  case whitespaceSplit
  /// What lies between white space, with punctuation split off.
  case bert
  /// Spaces become another character, and each of them begins a pre-token.
  case metaspace(Metaspace)
  /// Splits where the script changes.
  case unicodeScripts
  /// What lies between occurrences of a character.
  case delimiter(Unicode.Scalar)
  /// Pre-tokens of so many characters, the last one aside.
  case fixedLength(Int)
  /// One after another.
  case sequence([PreTokenization])
}

extension PreTokenization {
  /// Splits the pre-tokens further.
  func apply(to preTokens: inout PreTokens) {
    switch self {
    case .byteLevel(let addsPrefixSpace, let usesExpression, _):
      preTokens.splitBytes(addsPrefixSpace: addsPrefixSpace, usesExpression: usesExpression)
      preTokens.spellBytes()
    case .split(let pattern, let behavior, let isInverted):
      preTokens.split(behavior, isInverted: isInverted, pattern.forEachMatch)
    case .digits(let areIndividual):
      preTokens.split(
        areIndividual ? .isolated : .contiguous, at: PreTokenizerTables.numbers.contains)
    case .punctuation(let behavior):
      preTokens.split(behavior, at: PreTokenizerTables.punctuation.contains)
    case .whitespace: preTokens.splitIntoWords()
    case .whitespaceSplit: preTokens.split(.removed, at: Self.isWhitespace)
    case .bert:
      preTokens.split(.removed, at: Self.isWhitespace)
      preTokens.split(.isolated, at: PreTokenizerTables.punctuation.contains)
    case .metaspace(let metaspace): metaspace.apply(to: &preTokens)
    case .unicodeScripts: preTokens.splitWhereScriptChanges()
    case .delimiter(let scalar): preTokens.split(.removed) { $0 == scalar.value }
    case .fixedLength(let length): preTokens.split(intoCharacters: length)
    case .sequence(let steps): for step in steps { step.apply(to: &preTokens) }
    }
  }

  /// The pre-tokens of a text, for display and tests.
  ///
  /// - Parameter bytes: The text.
  /// - Throws: ``TokenizerError/textGrowsTooLong(size:limit:)``.
  public func preTokens(of bytes: [UInt8]) throws(TokenizerError) -> [[UInt8]] {
    var preTokens = PreTokens(AlignedText(bytes, offset: 0, tracksOrigins: false))
    apply(to: &preTokens)
    try preTokens.text.checkSize()
    return preTokens.ranges.map { Array(preTokens.text.bytes[$0]) }
  }

  /// The steps, sequences within sequences resolved.
  var steps: [PreTokenization] {
    if case .sequence(let steps) = self { steps.flatMap(\.steps) } else { [self] }
  }

  private static func isWhitespace(_ code: UInt32) -> Bool {
    CharacterClassTable.shared[code].contains(.whitespace)
  }
}
