public import TesseraBasics

/// A language of a parity-aware training.
public struct ParityLanguage {
  /// What it is called in records.
  public var name: String
  /// Its pre-tokens.
  public var counted: CountedPreTokens

  /// A language with its pre-tokens.
  public init(name: String, counted: CountedPreTokens) {
    self.name = name
    self.counted = counted
  }
}

/// What a language's tokens are compared with, to see how well it is served.
public enum ParityUnit: String, CaseIterable, Hashable, Sendable {
  /// Bytes of its corpus. Of use for scripts that take about as many bytes for the same content.
  case bytes
  /// Documents of its corpus: for corpora that are translations of each other, document for document.
  case documents
}

/// What a parity-aware training makes.
public struct ParityOptions: Hashable, Sendable {
  /// What tokens are compared with.
  public var unit = ParityUnit.bytes
  /// How many merges are the most frequent pairs of all languages together, before languages take
  /// turns.
  public var globalMergeCount = 0

  /// Options with their recommended values.
  public init() {}
}

/// How a language fared in a parity-aware training.
public struct ParityOutcome: Hashable, Sendable {
  /// What the language is called.
  public var name: String
  /// The size of its corpus in the unit of the training.
  public var size: UInt64
  /// The tokens that its corpus has at the end.
  public var tokenCount: UInt64
  /// The merges that were chosen for it.
  public var mergeCount: Int
}

extension BPETrainer {
  /// Trains on several languages such that none is served much worse than another.
  ///
  /// Each merge is the most frequent pair of the language that has the least text for each of its
  /// tokens; it is made in all languages. Languages that are equally badly served take turns in the
  /// order in which they are given, and one that has no pair left that is frequent enough is left
  /// out. All pairs of all languages are followed, which takes 8 bytes and more for each byte of the
  /// distinct pre-tokens.
  ///
  /// Foroutan, Meister and others, "Parity-Aware Byte-Pair Encoding: Improving Cross-lingual Fairness
  /// in Tokenization", 2025, arXiv:2508.04796.
  ///
  /// - Parameters:
  ///   - languages: The languages, at least one; their pre-tokens are given up on the way.
  ///   - options: What is trained. ``BPETrainerOptions/minimumFrequency`` is that in one language.
  ///   - parity: How languages are compared.
  ///   - progress: Called now and then, in merges.
  /// - Returns: The vocabulary, each merge with its count in the language it was made for, and what
  ///   became of the languages, in their order.
  /// - Throws: ``TrainingError``.
  public static func train(
    on languages: [ParityLanguage], _ options: BPETrainerOptions, parity: ParityOptions,
    progress: ProgressHandler? = nil
  ) throws(TrainingError) -> (trained: TrainedBPE, outcomes: [ParityOutcome]) {
    precondition(!languages.isEmpty, "there is a language")
    try options.check()
    var vocabulary = GrowingVocabulary(options)
    // All languages as one, for the first merges; before the languages' pre-tokens are given up.
    var together: LanguageEngine?
    if parity.globalMergeCount > 0 {
      together = try LanguageEngine(JoinedSources(sources: languages.map(\.counted)), options)
    }
    var engines: [LanguageEngine] = []
    var outcomes: [ParityOutcome] = []
    for language in languages {
      do throws(CountFileError) { outcomes.append(try language.outcome(parity.unit)) } catch {
        throw TrainingError(error)
      }
      engines.append(try LanguageEngine(language.counted, options))
    }
    let minimumCount = UInt64(max(1, options.minimumFrequency))

    while !vocabulary.isComplete {
      if vocabulary.merges.count >= parity.globalMergeCount { together = nil }
      guard let chosen = together ?? worstServed(engines, outcomes) else { break }
      guard let candidate = chosen.next(), candidate.count >= minimumCount else {
        chosen.isExhausted = true
        // What is too rare in all languages together is so in each.
        if together != nil { break }
        continue
      }
      guard vocabulary.append(candidate) else {
        chosen.reject(candidate)
        continue
      }
      for (index, engine) in engines.enumerated() {
        outcomes[index].tokenCount -= engine.merge(candidate)
      }
      together?.merge(candidate)
      chosen.mergeCount += 1
      if vocabulary.merges.count % 256 == 0 { progress?(vocabulary.progress) }
      if Interruption.isRequested { throw .interrupted }
    }
    for (index, engine) in engines.enumerated() { outcomes[index].mergeCount = engine.mergeCount }
    return (TrainedBPE(options: options, merges: vocabulary.merges), outcomes)
  }

  /// The language with the least text for each token, of those that have pairs left.
  private static func worstServed(
    _ engines: [LanguageEngine], _ outcomes: [ParityOutcome]
  ) -> LanguageEngine? {
    var worst: Int?
    for index in engines.indices where !engines[index].isExhausted {
      // size / tokens is less: compared without division, so that equal ratios are equal.
      if let worst,
        outcomes[index].size.multipliedFullWidth(by: outcomes[worst].tokenCount)
          >= outcomes[worst].size.multipliedFullWidth(by: outcomes[index].tokenCount)
      {
        continue
      }
      worst = index
    }
    return worst.map { engines[$0] }
  }
}

extension ParityLanguage {
  /// What is known of the language before the first merge, when each byte is a token.
  fileprivate func outcome(_ unit: ParityUnit) throws(CountFileError) -> ParityOutcome {
    let byteCount = try counted.totals().byteCount
    let size =
      switch unit {
      case .bytes: byteCount
      case .documents: UInt64(counted.corpora.documentCount)
      }
    return ParityOutcome(name: name, size: size, tokenCount: byteCount, mergeCount: 0)
  }
}
