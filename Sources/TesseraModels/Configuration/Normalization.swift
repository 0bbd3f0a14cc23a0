/// How a norm makes its output.
public enum NormKind: Hashable, Sendable {
  /// By the root of the mean square, times weights. Zhang and Sennrich, 2019, arXiv:1910.07467.
  case rms
  /// The same, times one more than the weights, as in Gemma.
  case rmsWithUnitOffset
  /// By mean and variance, times weights, plus a bias. Ba, Kiros and Hinton, 2016, arXiv:1607.06450.
  case layer

  /// Whether there is a bias beside the weights.
  public var hasBias: Bool { self == .layer }
}

/// Where the norms of a layer stand.
public enum NormPlacement: Hashable, Sendable {
  /// Before attention and before the feed-forward block, as in Llama and GPT-2.
  case before
  /// Behind both, before the sum with the residual stream, as in OLMo 2.
  case after
  /// Before and behind both, as in Gemma 2.
  case beforeAndAfter
  /// Behind the sum with the residual stream, as in BERT. Xiong et al., "On Layer Normalization in the
  /// Transformer Architecture", 2020, arXiv:2002.04745, section 3.1.
  ///
  /// Passes keep the sums, and the norm of a sum belongs to the block that reads it: computed there, as a
  /// norm before a block is, but the block's output is added to the norm's and not to the sum.
  case post

  var isBefore: Bool { self != .after }
  var isAfter: Bool { self == .after || self == .beforeAndAfter }
}

/// Which parts of queries and keys have a root-mean-square norm, before they are rotated.
///
/// Dehghani et al., "Scaling Vision Transformers to 22 Billion Parameters", 2023, arXiv:2302.05442,
/// section 2.
public enum QueryKeyNorm: Hashable, Sendable {
  /// Each head by itself, all with the same weights, as in Qwen 3 and Gemma 3.
  case perHead
  /// All heads together, as in OLMo 2.
  case wholeWidth
}
