/// The shape of a decoder of the Llama family.
///
/// Each layer is attention and a gated feed-forward block, both behind an RMS norm and added to
/// their input; positions are rotary. Touvron et al., "LLaMA", 2023, arXiv:2302.13971, section 2.2,
/// with the grouped-query attention of Ainslie et al., 2023, arXiv:2305.13245.
public struct TransformerConfiguration: Hashable, Sendable {
  /// The number of rows of the embedding.
  public var vocabularySize: Int
  /// The width of the residual stream.
  public var width: Int
  /// The number of layers.
  public var layerCount: Int
  /// The number of query heads.
  public var headCount: Int
  /// The number of key and value heads; divides ``headCount``.
  public var keyValueHeadCount: Int
  /// The width of a head; even.
  public var headWidth: Int
  /// The width of the feed-forward block.
  public var feedForwardWidth: Int
  /// The longest sequence that the model is meant for.
  public var contextLength: Int
  /// What RMS norms add to the mean of squares.
  public var normEpsilon: Float
  /// The base of the rotary frequencies.
  public var ropeTheta: Double
  /// Whether the LM head is the embedding.
  public var tiedEmbeddings: Bool

  /// A configuration; heads get the width divided by their number unless told otherwise.
  ///
  /// - Precondition: All sizes are positive, ``headWidth`` is even, and ``keyValueHeadCount``
  ///   divides ``headCount``.
  public init(
    vocabularySize: Int, width: Int, layerCount: Int, headCount: Int,
    keyValueHeadCount: Int? = nil, headWidth: Int? = nil, feedForwardWidth: Int,
    contextLength: Int, normEpsilon: Float = 1e-5, ropeTheta: Double = 10_000,
    tiedEmbeddings: Bool = true
  ) {
    self.vocabularySize = vocabularySize
    self.width = width
    self.layerCount = layerCount
    self.headCount = headCount
    self.keyValueHeadCount = keyValueHeadCount ?? headCount
    self.headWidth = headWidth ?? width / max(1, headCount)
    self.feedForwardWidth = feedForwardWidth
    self.contextLength = contextLength
    self.normEpsilon = normEpsilon
    self.ropeTheta = ropeTheta
    self.tiedEmbeddings = tiedEmbeddings
    precondition(isValid, "sizes must be positive, heads of even width, in groups of one size")
  }

  /// Whether all sizes are positive, heads have an even width, and groups of heads one size.
  public var isValid: Bool {
    min(vocabularySize, width, layerCount, headCount, keyValueHeadCount) > 0
      && min(headWidth, feedForwardWidth, contextLength) > 0 && headWidth % 2 == 0
      && headCount % keyValueHeadCount == 0
  }

  /// The width of all query heads together.
  public var queryWidth: Int { headCount * headWidth }
  /// The width of all key heads, or of all value heads, together.
  public var keyValueWidth: Int { keyValueHeadCount * headWidth }
}
