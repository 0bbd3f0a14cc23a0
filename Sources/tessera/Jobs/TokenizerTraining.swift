import TesseraBasics
import TesseraCorpora
import TesseraTokenizers

/// What `tessera train` makes its vocabulary of, and how.
struct TokenizerTraining {
  /// What a training gave.
  struct Outcome {
    var trained: TrainedBPE
    var corpora: [CorpusSummary]
    var totals: CountTotals
    /// In a training of several languages, what became of them.
    var languages: [ParityOutcome] = []
    /// How they were compared.
    var parity: ParityOptions?
    /// The options of the stage before superwords, if there was one.
    var firstStage: BPETrainerOptions?

    /// The record of the vocabulary, or of the one with so many tokens less.
    func record(_ trained: TrainedBPE) -> TrainingRecord {
      var record = TrainingRecord(
        trained, corpora: corpora, totals: totals, tool: "tessera \(Tessera.version)")
      record.languages = languages
      record.parity = parity
      record.firstStage = firstStage
      return record
    }
  }

  var options: BPETrainerOptions
  var budget: MemoryBudget?
  var state: TrainingState?
  var console: Console

  /// Trains on a corpus.
  func train(on corpus: Corpus) throws -> Outcome {
    try train(
      on: countPreTokens(
        in: corpus, options.counting, memory: budget, precedesMerging: true, state: state,
        progress: console.progress))
  }

  /// Trains on what was counted.
  func train(on counted: CountedPreTokens, after first: TrainedBPE? = nil) throws -> Outcome {
    let trained = try BPETrainer.train(
      on: counted, options, memory: budget, after: first, state: state,
      progress: console.progress)
    return try Outcome(trained: trained, corpora: counted.corpora, totals: counted.totals())
  }

  /// Trains on a corpus, and from so many tokens on over what the first pattern splits.
  func train(
    on corpus: Corpus, superwordsAfter firstSize: Int, pattern: PreTokenizerPattern
  ) throws -> Outcome {
    var first = self
    first.options.vocabularySize = firstSize
    let words = try first.train(on: corpus)
    var second = self
    second.options.pattern = pattern
    let counted = try countPreTokens(
      in: corpus, second.options.counting, memory: budget, precedesMerging: true,
      progress: console.progress)
    var outcome = try second.train(on: counted, after: words.trained)
    outcome.firstStage = first.options
    return outcome
  }

  /// Goes on from a tokenizer with so many tokens more.
  ///
  /// - Returns: The tokenizer, and the content of its training.json.
  func extend(
    _ base: Tokenizer, with corpus: Corpus, newTokenCount: Int
  ) throws -> (tokenizer: Tokenizer, record: JSONValue) {
    var continued = ContinuedTrainingOptions(newTokenCount: newTokenCount)
    continued.minimumFrequency = options.minimumFrequency
    continued.maximumTokenLength = options.maximumTokenLength
    try continued.check(base: base)
    let counted = try countPreTokens(
      in: corpus, for: base, memory: budget, precedesMerging: true, progress: console.progress)
    let learned = try continueTraining(
      base: base, counted: counted, options: continued, memory: budget,
      progress: console.progress)
    let record = ContinuedTrainingRecord(
      learned, options: continued, corpora: counted.corpora, totals: try counted.totals(),
      tool: "tessera \(Tessera.version)")
    return (try learned.makeTokenizer(base: base), record.json(base: base))
  }

  /// Trains on languages in turn.
  func train(
    on languages: [(name: String, corpus: Corpus)], parity: ParityOptions
  ) throws -> Outcome {
    let counted = try languages.map { name, corpus in
      ParityLanguage(
        name: name,
        counted: try countPreTokens(in: corpus, options.counting, progress: console.progress))
    }
    for (language, (_, corpus)) in zip(counted, languages)
    where try language.counted.totals().distinctCount == 0 {
      throw CommandError.emptyCorpus(paths: corpus.paths)
    }
    let (trained, outcomes) = try BPETrainer.train(
      on: counted, options, parity: parity, progress: console.progress)
    var totals = CountTotals()
    for language in counted { try totals.add(language.counted.totals()) }
    return Outcome(
      trained: trained, corpora: counted.flatMap(\.counted.corpora).sorted(), totals: totals,
      languages: outcomes, parity: parity)
  }
}
