import TesseraTensors

/// What a model is made of.
///
/// A model is an embedding, layers of attention and a feed-forward block that add to a residual stream,
/// a norm, and a head. Decoders see no token behind the one that they are at, and predict the next;
/// encoders see all, and predict those that are masked. In what families differ beside sizes is said by the other properties, whose
/// defaults are those of Llama: RMS norms before both blocks, no biases, a block that is gated with SiLU,
/// rotary positions. Touvron et al., "LLaMA", 2023, arXiv:2302.13971, section 2.2, with the grouped-query
/// attention of Ainslie et al., 2023, arXiv:2305.13245.
public struct TransformerConfiguration: Hashable, Sendable {
  /// Whose names and forms of tensors checkpoints have.
  public var family: TransformerFamily = .llama
  /// What stands before the names of all tensors but the head's in checkpoints: `model.`, or nothing in
  /// those of a bare model.
  public var namePrefix: String
  /// What the head is called in checkpoints, if it is not the embedding.
  public var headName: String

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
  /// The width of a head.
  public var headWidth: Int
  /// The width of the feed-forward block.
  public var feedForwardWidth: Int
  /// The longest sequence that the model is meant for, and where positions are learned, that it has.
  public var contextLength: Int
  /// Whether the LM head is the embedding.
  public var tiedEmbeddings: Bool

  /// How norms make their output.
  public var norm = NormKind.rms
  /// Where the norms of a layer stand.
  public var normPlacement = NormPlacement.before
  /// What norms add to the mean of squares.
  public var normEpsilon: Float
  /// Which norm queries and keys have, if any.
  public var queryKeyNorm: QueryKeyNorm?
  /// Which matrices have a bias.
  public var biases: LayerMatrices = []
  /// What the feed-forward block computes.
  public var feedForward = FeedForwardBlock.swiGLU
  /// Whether both blocks of a layer read its input, as in GPT-NeoX, in place of one after the other.
  public var hasParallelBlocks = false

  /// What layers see and how they rotate, one layer after the other, from the first again after the last
  /// one of the list.
  public var layerAttention: [LayerAttention]
  /// Whether there is a learned vector for each position, which is added to the embedding.
  public var hasLearnedPositions = false
  /// How many rows of the learned positions come before that of the first position: RoBERTa counts from
  /// the ID of its padding on.
  public var positionOffset = 0
  /// How many learned vectors there are for the segments of an input, one of which is added to each row of
  /// the embedding.
  public var segmentCount = 0
  /// The factor of the inner products of queries and keys; nil for one over the root of the head's width.
  public var attentionScale: Float?
  /// What attention scores are capped at, if they are: c tanh(score / c).
  public var attentionSoftCap: Float?
  /// The factor of the embedding's rows at the input.
  public var embeddingScale: Float = 1
  /// What logits are capped at, if they are.
  public var logitSoftCap: Float?
  /// What stands before the head of an encoder; nil for decoders.
  public var maskedHead: MaskedHead?
  /// What is added to matrices of layers, if anything is.
  public var adapters: LowRankAdapters?
  /// The rank of the factors that the embedding is kept as, and the head where that is another matrix; nil for
  /// whole matrices. Checkpoints hold these alone; see ``TokenMatrixFactors``.
  public var factorRank: Int?
  /// Whether checkpoints call the weights of norms gamma and beta, as those of the first BERT do.
  var hasOlderNormNames = false

  /// A configuration of the Llama family; heads get the width divided by their number unless told
  /// otherwise, and all of them is rotated with a base of `ropeTheta` where no attention is given.
  ///
  /// - Precondition: All sizes are positive, the width of heads is even, and ``keyValueHeadCount``
  ///   divides ``headCount``.
  public init(
    vocabularySize: Int, width: Int, layerCount: Int, headCount: Int,
    keyValueHeadCount: Int? = nil, headWidth: Int? = nil, feedForwardWidth: Int,
    contextLength: Int, normEpsilon: Float = 1e-5, ropeTheta: Double = 10_000,
    tiedEmbeddings: Bool = true, attention: LayerAttention? = nil
  ) {
    let headWidth = headWidth ?? width / max(1, headCount)
    namePrefix = family.namePrefix
    headName = family.names.heads[0]
    self.vocabularySize = vocabularySize
    self.width = width
    self.layerCount = layerCount
    self.headCount = headCount
    self.keyValueHeadCount = keyValueHeadCount ?? headCount
    self.headWidth = headWidth
    self.feedForwardWidth = feedForwardWidth
    self.contextLength = contextLength
    self.normEpsilon = normEpsilon
    self.tiedEmbeddings = tiedEmbeddings
    layerAttention = [
      attention ?? LayerAttention(rotary: RotaryPositions(theta: ropeTheta, width: headWidth))
    ]
    precondition(
      isValid, "sizes must be positive, rotated widths even, and groups of heads of one size")
  }

  /// Whether all sizes are positive, an even part of heads is rotated, and groups of heads have one size.
  public var isValid: Bool {
    min(vocabularySize, width, layerCount, headCount, keyValueHeadCount) > 0
      && min(headWidth, feedForwardWidth, contextLength) > 0
      && headCount % keyValueHeadCount == 0 && factorRank ?? 1 > 0 && !layerAttention.isEmpty
      && layerAttention.allSatisfy { attention in
        let rotated = attention.rotary?.width ?? 2
        return attention.window ?? 1 > 0 && rotated > 0 && rotated % 2 == 0
          && (attention.rotary == nil || rotated <= headWidth)
      }
  }

  /// What the embedding is called in checkpoints.
  var embeddingName: String { namePrefix + family.names.embedding + ".weight" }

  /// What the model learns to predict.
  public var objective: TrainingObjective { maskedHead == nil ? .nextToken : .maskedTokens }

  /// The width of all query heads together.
  public var queryWidth: Int { headCount * headWidth }
  /// The width of all key heads, or of all value heads, together.
  public var keyValueWidth: Int { keyValueHeadCount * headWidth }

  /// What a layer sees and how it rotates.
  public func attention(ofLayer layer: Int) -> LayerAttention {
    layerAttention[layer % layerAttention.count]
  }

  /// How a layer makes scores.
  ///
  /// - Parameter keyCount: How many tokens of an encoder's sequence are no padding.
  func attentionRule(ofLayer layer: Int, keyCount: Int? = nil) -> AttentionRule {
    let scale = attentionScale ?? 1 / Float(headWidth).squareRoot()
    if objective == .maskedTokens { return .bidirectional(scale: scale, keyCount: keyCount) }
    return AttentionRule(
      scale: scale, window: attention(ofLayer: layer).window, softCap: attentionSoftCap)
  }
}
