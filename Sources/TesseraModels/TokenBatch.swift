/// Sequences of one length, and what each position should predict.
public struct TokenBatch: Hashable, Sendable {
  /// The target of a position that counts for nothing.
  public static let noTarget: Int32 = -1

  /// The number of sequences.
  public let sequenceCount: Int
  /// The number of tokens of each sequence.
  public let sequenceLength: Int
  /// The tokens, sequence after sequence.
  public var inputs: [Int32]
  /// The token that each position should predict, or ``noTarget``.
  public var targets: [Int32]

  /// A batch.
  ///
  /// - Precondition: Both arrays have a token for each position.
  public init(sequenceCount: Int, sequenceLength: Int, inputs: [Int32], targets: [Int32]) {
    precondition(sequenceCount >= 0 && sequenceLength >= 0)
    precondition(
      inputs.count == sequenceCount * sequenceLength && targets.count == inputs.count,
      "inputs and targets need a token for each position")
    self.sequenceCount = sequenceCount
    self.sequenceLength = sequenceLength
    self.inputs = inputs
    self.targets = targets
  }

  /// The number of positions.
  public var tokenCount: Int { inputs.count }
}

/// The summed loss of a batch.
public struct BatchLoss: Hashable, Sendable {
  /// The sum of negative log likelihoods, in nats.
  public var sum: Double
  /// The number of positions that have a target.
  public var count: Int

  /// A loss.
  public init(sum: Double, count: Int) {
    self.sum = sum
    self.count = count
  }

  /// The mean in nats per token; not a number for no tokens.
  public var mean: Double { sum / Double(count) }
}

/// Which parameters a gradient is wanted for.
public enum GradientScope: Hashable, Sendable {
  /// All of them.
  case all
  /// The embedding and the LM head alone; the body is frozen, and its part is left as it was.
  case embeddings
}
