/// What encoders are trained on beside their corpus, and how tokens are masked.
public struct MaskedObjectiveOptions: Hashable, Sendable {
  /// How tokens are masked.
  public var masking = MaskingOptions()
  /// Sentences and their translations.
  public var pairs: SentencePairs?
  /// The share of every batch that comes from ``pairs``.
  public var pairShare = 0.5
  /// The spans of documents to train on, by what is in them, where they are masked together; see
  /// ``DocumentSpans/byContent(of:)``.
  public var spans: [[UInt8]: [Range<Int>]] = [:]

  /// Masking of tokens, without pairs.
  public init() {}

  /// The share of a batch that is not from pairs.
  var textShare: Double { pairs == nil ? 1 : 1 - pairShare }
}
