import TesseraBasics

/// How rows are learned with the model itself.
public struct RowLearningOptions: Hashable, Sendable {
  /// The most tokens of text, as the base reads them, that rows are learned from; nil for 2^18.
  public var tokenCount: Int?
  /// How often a new token has to stand in the text that is chosen; more teaches little more.
  public var contextCount = 100
  /// The length of the stretches that text is cut into, in tokens of the base.
  public var windowLength = 256
  /// The most tokens of the base in a step, with what fills shorter windows up.
  public var batchTokenCount = 2_048
  /// How many layers the states are taken after; nil for what the method recommends.
  public var depth: Int?
  /// The learning rate; nil for a share of the embedding's root mean square.
  public var learningRate: Double?
  /// Whether a tied model's new rows learn to be written as well, where a method leaves that open: it was
  /// better by 0.03 to 0.18 bits per byte after 50 steps on the built-in model, see Docs/Experiments.md.
  public var learnsTiedOutput = true
  /// How many base rows a new one is a combination of, besides its pieces, where it is one.
  public var candidateCount = 32
  /// The seed of the order of text.
  public var seed: UInt64 = 0

  /// Options with their recommended values.
  public init() {}

  /// A budget for text of any length: distillation of 500 tokens learned little more from four times as
  /// many, see Docs/Experiments.md.
  public static let defaultTokenCount = 1 << 18

  /// The budget.
  var tokenLimit: Int { tokenCount ?? Self.defaultTokenCount }

  /// What all methods were told, for `extension.json`.
  ///
  /// - Parameter text: What they read.
  func settings(_ text: AlignedText) -> JSONObject {
    [
      "tokens": JSONValue(tokenLimit), "contexts": JSONValue(contextCount),
      "window": JSONValue(windowLength), "read_tokens": JSONValue(text.baseTokenCount),
      "seen_tokens": JSONValue(text.seenTokenCount),
    ]
  }
}
