import TesseraBasics

/// The merges of one language in a parity-aware training.
///
/// Merges that are made for other languages come here as well, so all pairs are followed.
final class ParityEngine {
  /// What becomes of the language.
  private(set) var outcome: ParityOutcome
  /// Whether no pair of the language is frequent enough any more.
  var isExhausted = false
  private var engine: MergeEngine<UInt32>

  /// The number of merges that were chosen for this language.
  var mergeCount: Int {
    get { outcome.mergeCount }
    set { outcome.mergeCount = newValue }
  }

  /// - Throws: ``TrainingError``.
  init(
    _ source: some PreTokenSource, _ outcome: ParityOutcome, _ options: BPETrainerOptions
  ) throws(TrainingError) {
    var limits = MergingLimits()
    limits.apply(options)
    // Also what is too rare to be chosen here may be chosen elsewhere.
    limits.minimumCount = 1
    limits.schedule = .fixed(first: 1, divisor: 2)
    limits.positionLimit = PositionPool.largestCapacity
    let arena = try makeArena(of: source, &limits) { source, plan throws(CountFileError) in
      try SymbolArena<UInt32>(source, plan, alphabet: options.tie.alphabet)
    }
    engine = MergeEngine(
      arena: consume arena, byteLengths: [UInt32](repeating: 1, count: 256), limits: limits)
    self.outcome = outcome
  }

  /// The most frequent pair.
  func next() -> MergeCandidate? { engine.next() }

  /// Leaves a pair that ``next()`` returned unmerged for good.
  func reject(_ candidate: MergeCandidate) { engine.reject(candidate) }

  /// Merges a pair, whichever language it was chosen for.
  func merge(_ candidate: MergeCandidate) {
    // After the engine had to start over, and before the first merge.
    if !engine.followsAllPairs { engine.scan() }
    precondition(engine.followsAllPairs, "there is a place for every position")
    outcome.tokenCount -= engine.merge(candidate)
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
