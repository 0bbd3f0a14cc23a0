public import TesseraBasics

/// How a vocabulary was made: what training.json says.
///
///   key            content
///   format         "tessera-training-1"
///   tool           name and version of the program that trained
///   unicode        version of the character classes that split the text
///   options        what was asked for, named as the options of `tessera train`; the pattern is that
///                  of the tokenizer, of a first stage before superwords there is `first_pattern`
///   corpora        documents, bytes, and SHA-256 of the text of each; more than one if counts were
///                  added up
///   pre_tokens     distinct ones, their bytes, and all occurrences
///   vocabulary     tokens of each kind
///   languages      of a parity-aware training: size, tokens and merges of each language
///   merge_counts   for each merge how often its pair occurred when it was made
///
/// Equal corpora, options and versions give equal bytes.
public struct TrainingRecord: Hashable, Sendable {
  /// What was trained.
  public var trained: TrainedBPE
  /// What was counted.
  public var corpora: [CorpusSummary]
  /// How much that was.
  public var totals: CountTotals
  /// In a parity-aware training, what became of the languages.
  public var languages: [ParityOutcome] = []
  /// In a parity-aware training, how languages were compared.
  public var parity: ParityOptions?
  /// The options of the stage before superwords, if there was one.
  public var firstStage: BPETrainerOptions?
  /// The program, for example "tessera 1.0.0".
  public var tool: String

  /// The record of a training.
  public init(
    _ trained: TrainedBPE, corpora: [CorpusSummary], totals: CountTotals, tool: String
  ) {
    self.trained = trained
    self.corpora = corpora
    self.totals = totals
    self.tool = tool
  }

  /// The version of Unicode whose character classes pre-tokenizers know.
  static let unicodeVersion = "16.0"

  /// The content of training.json.
  public var json: JSONValue {
    let options = trained.options
    return [
      "format": "tessera-training-1",
      "tool": JSONValue(tool),
      "unicode": JSONValue(Self.unicodeVersion),
      "options": [
        "vocab_size": JSONValue(options.vocabularySize),
        "pattern": JSONValue(options.pattern.rawValue),
        "normalizer": JSONValue(options.normalization.rawValue),
        "min_frequency": JSONValue(options.minimumFrequency),
        "max_token_length": options.maximumTokenLength.map { JSONValue($0) } ?? nil,
        "special": .array(options.specialTokens.map { JSONValue($0) }),
        "tie": JSONValue(options.tie.rawValue),
        "superwords_after": firstStage.map { JSONValue($0.vocabularySize) } ?? nil,
        "first_pattern": firstStage.map { JSONValue($0.pattern.rawValue) } ?? nil,
        "language": parity.map { _ in .array(languages.map { JSONValue($0.name) }) } ?? nil,
        "parity_unit": parity.map { JSONValue($0.unit.rawValue) } ?? nil,
        "parity_after": parity.map { JSONValue($0.globalMergeCount) } ?? nil,
      ],
      "corpora": .array(corpora.map(\.json)),
      "pre_tokens": [
        "distinct": JSONValue(totals.distinctCount),
        "distinct_bytes": JSONValue(totals.textSize),
        "occurrences": JSONValue(totals.occurrenceCount),
      ],
      "vocabulary": [
        "tokens": JSONValue(trained.vocabularySize),
        "bytes": 256,
        "merges": JSONValue(trained.merges.count),
        "special": JSONValue(options.specialTokens.count),
      ],
      "languages": .array(languages.map(\.json)),
      "merge_counts": .array(trained.merges.map { JSONValue($0.count) }),
    ]
  }
}

extension ParityOutcome {
  fileprivate var json: JSONValue {
    [
      "name": JSONValue(name), "size": JSONValue(size), "tokens": JSONValue(tokenCount),
      "merges": JSONValue(mergeCount),
    ]
  }
}

/// How a tokenizer was made by training that went on from another one.
///
/// The keys are those of ``TrainingRecord`` as far as they apply, and `base`: the number of
/// IDs and merges that were there before.
public struct ContinuedTrainingRecord: Hashable, Sendable {
  /// The merges.
  public var continued: ContinuedBPE
  /// What was asked for.
  public var options: ContinuedTrainingOptions
  /// What was counted.
  public var corpora: [CorpusSummary]
  /// How much that was.
  public var totals: CountTotals
  /// The program, for example "tessera 1.0.0".
  public var tool: String

  /// The record of a training.
  public init(
    _ continued: ContinuedBPE, options: ContinuedTrainingOptions, corpora: [CorpusSummary],
    totals: CountTotals, tool: String
  ) {
    self.continued = continued
    self.options = options
    self.corpora = corpora
    self.totals = totals
    self.tool = tool
  }

  /// The content of training.json.
  public func json(base: Tokenizer) -> JSONValue {
    [
      "format": "tessera-training-1",
      "tool": JSONValue(tool),
      "unicode": JSONValue(TrainingRecord.unicodeVersion),
      "options": [
        "new_tokens": JSONValue(options.newTokenCount),
        "min_frequency": JSONValue(options.minimumFrequency),
        "max_token_length": options.maximumTokenLength.map { JSONValue($0) } ?? nil,
      ],
      "base": ["ids": JSONValue(base.vocabularySize), "merges": JSONValue(base.merges.count)],
      "corpora": .array(corpora.map(\.json)),
      "pre_tokens": [
        "distinct": JSONValue(totals.distinctCount),
        "distinct_bytes": JSONValue(totals.textSize),
        "occurrences": JSONValue(totals.occurrenceCount),
      ],
      "vocabulary": [
        "first_new_id": JSONValue(Int(continued.ids[0])),
        "new_tokens": JSONValue(continued.newTokens.count),
        "merges": JSONValue(continued.merges.count),
      ],
      "merge_counts": .array(continued.merges.map { JSONValue($0.count) }),
    ]
  }
}
