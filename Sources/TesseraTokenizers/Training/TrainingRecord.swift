public import TesseraBasics

/// How a vocabulary was made: what training.json says.
///
///   key            content
///   format         "tessera-training-1"
///   tool           name and version of the program that trained
///   unicode        version of the character classes that split the text
///   options        what was asked for, named as the options of `tessera train`
///   corpora        documents, bytes, and SHA-256 of the text of each; more than one if counts were
///                  added up
///   pre_tokens     distinct ones, their bytes, and all occurrences
///   vocabulary     tokens of each kind
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
      "merge_counts": .array(trained.merges.map { JSONValue($0.count) }),
    ]
  }
}
