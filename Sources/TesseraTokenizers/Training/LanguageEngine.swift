import TesseraBasics

/// The merges of one language, in a training on one or several.
///
/// With several languages merges that are made for others come here as well, so all pairs are followed.
final class LanguageEngine {
  /// The number of merges that were chosen for this language.
  var mergeCount = 0
  /// Whether no pair of the language is frequent enough any more.
  var isExhausted = false
  /// Whether those who learn merges want no pair of the language that is left.
  var hasOnlyRarePairs = false
  private var engine: MergeEngine<UInt32>
  private let followsAllPairs: Bool

  /// An engine of bytes, beside those of other languages.
  ///
  /// - Throws: ``TrainingError``.
  convenience init(
    _ source: some PreTokenSource, _ options: BPETrainerOptions
  ) throws(TrainingError) {
    var limits = MergingLimits()
    limits.apply(options)
    limits.followAllPairs()
    let arena = try makeArena(of: source, &limits) { source, plan throws(CountFileError) in
      try SymbolArena<UInt32>(source, plan, alphabet: options.tie.alphabet)
    }
    self.init(
      arena: consume arena, byteLengths: [UInt32](repeating: 1, count: 256), limits: limits,
      followsAllPairs: true)
  }

  /// An engine of the tokens of a base.
  ///
  /// - Parameters:
  ///   - source: The pre-tokens of the language.
  ///   - base: The tokenizer whose merges come first.
  ///   - limits: What may be merged.
  ///   - followsAllPairs: Whether there are other languages.
  ///   - visit: Called with the tokens of each pre-token that has several.
  /// - Throws: ``TrainingError``.
  convenience init(
    _ source: some PreTokenSource, base: Tokenizer, limits given: MergingLimits,
    followsAllPairs: Bool, visit: (ArraySlice<TokenID>) -> Void
  ) throws(TrainingError) {
    var limits = given
    if followsAllPairs { limits.followAllPairs() }
    let arena = try makeArena(of: source, &limits) { source, plan throws(CountFileError) in
      try SymbolArena<UInt32>(source, plan, encodedWith: base.compiled, visit)
    }
    let byteLengths = (0..<base.vocabularySize).map { UInt32(base.tokens.size(of: TokenID($0))) }
    self.init(
      arena: consume arena, byteLengths: byteLengths, limits: limits,
      followsAllPairs: followsAllPairs)
  }

  /// The engine changes the arena in place: nobody else may hold it.
  private init(
    arena: consuming SymbolArena<UInt32>, byteLengths: [UInt32], limits: MergingLimits,
    followsAllPairs: Bool
  ) {
    engine = MergeEngine(
      arena: consume arena, byteLengths: byteLengths, limits: limits)
    self.followsAllPairs = followsAllPairs
  }

  /// The most frequent pair.
  func next() -> MergeCandidate? { engine.next() }

  /// Leaves a pair that ``next()`` returned unmerged for good.
  func reject(_ candidate: MergeCandidate) { engine.reject(candidate) }

  /// How often a pair stands in the text, whichever language it was chosen for.
  ///
  /// - Precondition: As for ``merge(_:)``.
  func count(of candidate: MergeCandidate) -> UInt64 {
    findAllPairs()
    return engine.count(of: candidate)
  }

  /// Sees to it that every pair is followed, if it has to be.
  private func findAllPairs() {
    guard followsAllPairs else { return }
    // After the engine had to start over, and before the first merge.
    if !engine.followsAllPairs { engine.scan() }
    precondition(engine.followsAllPairs, "there is a place for every position")
  }

  /// Merges a pair, whichever language it was chosen for.
  ///
  /// - Returns: How many occurrences were replaced: as many tokens are saved.
  /// - Precondition: The pair is the one that ``next()`` returned, or all pairs are followed.
  @discardableResult
  func merge(_ candidate: MergeCandidate) -> UInt64 {
    findAllPairs()
    return engine.merge(candidate)
  }
}

extension MergingLimits {
  /// Follows every pair: also what is too rare to be chosen here may be chosen elsewhere.
  fileprivate mutating func followAllPairs() {
    minimumCount = 1
    schedule = .fixed(first: 1, divisor: 2)
    positionLimit = PositionPool.largestCapacity
  }
}

/// Several sources as one.
struct JoinedSources: PreTokenSource {
  let sources: [CountedPreTokens]

  func forEach(
    _ body: (Span<UInt8>, UInt64) throws(CountFileError) -> Void
  ) throws(CountFileError) {
    for source in sources { try source.forEach(body) }
  }

  func makeRoom(for size: Int, in memory: MemoryBudget) {}

  func release(_ totals: CountTotals) {}
}
