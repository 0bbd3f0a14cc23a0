import TesseraBasics
public import TesseraModels
public import TesseraTokenizers

/// How sequences of an encoder are made out of documents.
///
/// A sequence begins with the start token, holds text of one document after the other, each ended by the
/// separator, and ends with the separator: RoBERTa's FULL-SENTENCES. Liu et al., 2019, arXiv:1907.11692,
/// section 4.2.
///
/// A pair of sentences has a sequence of its own, filled up with padding: the start token, the first
/// sentence, the separator, in RoBERTa and XLM-RoBERTa the separator again, the second sentence, the
/// separator. Both sides are masked. Positions start anew at 0 with what belongs to the second sentence, the
/// second separator first where there are two, as XLM has them, and the second sentence is in the second
/// segment where a model has two. Conneau and Lample, "Cross-lingual Language Model Pretraining", 2019,
/// arXiv:1901.07291, section 3.3.
public struct MaskedTraining: Hashable, Sendable {
  /// What is masked.
  public let options: MaskingOptions
  /// The tokens around and in the place of others.
  public let tokens: EncoderTokens
  /// How many separators stand between the sentences of a pair.
  public let pairSeparatorCount: Int
  /// Whether the second sentence of a pair has a segment of its own.
  public let hasTwoSegments: Bool

  /// The way of a model's family.
  public init(
    options: MaskingOptions, tokens: EncoderTokens, configuration: TransformerConfiguration
  ) {
    self.options = options
    self.tokens = tokens
    pairSeparatorCount = configuration.family == .bert ? 1 : 2
    hasTwoSegments = configuration.segmentCount > 1
  }

  /// The way of a model's family; nil for one that predicts the next token.
  ///
  /// - Parameters:
  ///   - options: What is masked.
  ///   - configuration: The model.
  ///   - tokenizer: Its tokenizer.
  ///   - name: What errors call it.
  /// - Throws: ``MaskingError/noEncoderToken(tokenizer:role:)``.
  public init?(
    _ options: MaskingOptions, model configuration: TransformerConfiguration,
    tokenizer: Tokenizer, name: String
  ) throws(MaskingError) {
    guard configuration.objective == .maskedTokens else { return nil }
    self.init(
      options: options, tokens: try EncoderTokens(tokenizer, name: name),
      configuration: configuration)
  }

  /// Sees to it that documents follow each other, without prefixes and masks of documents: what a sequence of
  /// an encoder is made of.
  ///
  /// - Throws: ``MaskingError/notForEncoders(_:)``.
  public static func check(_ options: DataOptions) throws(MaskingError) {
    if options.packing != .concatenate {
      throw .notForEncoders("packing \(options.packing.rawValue)")
    }
    if options.masksDocuments { throw .notForEncoders("attention inside of documents") }
    if !options.prefixes.isEmpty { throw .notForEncoders("a prefix of documents") }
  }

  /// Sees to it that sequences have room for text, in pairs too.
  ///
  /// - Throws: ``MaskingError/sequenceTooShort(length:needed:)``.
  func check(sequenceLength: Int) throws(MaskingError) {
    let needed = pairSurroundingCount + 2
    if sequenceLength < needed {
      throw .sequenceTooShort(length: sequenceLength, needed: needed)
    }
  }

  /// The tokens around the text of a sequence.
  static let surroundingCount = 2

  /// The tokens around the sentences of a pair.
  var pairSurroundingCount: Int { Self.surroundingCount + pairSeparatorCount }

  /// How much of two sentences fits: the longer one is cut, token by token, until both do.
  func lengths(first: Int, second: Int, room: Int) -> (first: Int, second: Int) {
    let excess = max(0, first + second - room)
    let difference = abs(first - second)
    // The longer one down to the length of the other, then both alike.
    let fromLonger = min(excess, difference)
    let rest = excess - fromLonger
    let (more, less) = (fromLonger + (rest + 1) / 2, rest / 2)
    return first > second ? (first - more, second - less) : (first - less, second - more)
  }

  /// The options as a part of what a run is resumed by.
  var record: JSONValue {
    .object([
      "masking": options.record,
      "tokens": .array(
        [tokens.start, tokens.separator, tokens.padding, tokens.mask].map { .init(Int($0)) }),
      "pair_separators": .init(pairSeparatorCount), "two_segments": .bool(hasTwoSegments),
    ])
  }
}
