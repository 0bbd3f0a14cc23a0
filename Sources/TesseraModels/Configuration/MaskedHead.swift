/// What a model learns to predict.
public enum TrainingObjective: String, Hashable, Sendable {
  /// Each token from those before it.
  case nextToken = "next-token"
  /// Tokens that were masked, from all others. Devlin et al., "BERT", 2019, arXiv:1810.04805, section 3.1.
  case maskedTokens = "masked-tokens"
}

/// What stands between the last norm of an encoder and its head, whose logits have a bias.
///
/// logits = head · norm(activation(dense(states))) + bias
public struct MaskedHead: Hashable, Sendable {
  /// The function behind the matrix: a plain one.
  public var activation: FeedForwardBlock

  /// A head.
  ///
  /// - Precondition: The function has no gate.
  public init(activation: FeedForwardBlock) {
    precondition(!activation.isGated, "the function of a head has no gate")
    self.activation = activation
  }
}
