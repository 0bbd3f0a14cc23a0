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
  /// Where documents begin, in rising order, as positions of the batch.
  ///
  /// Attention does not look across these positions, and each document's positions count from 0, as if it
  /// were a sequence of its own. The first position of every sequence is such a place whether it is named
  /// or not, so that none at all makes each sequence one document.
  public let documentStarts: [Int]
  /// Factors of the sequences' losses in gradients; none at all are 1 for each. Losses that are told are
  /// without them.
  public private(set) var sequenceWeights: [Float] = []
  /// Where the tokens stand, for encoders: nil where no sequence is padded, positions rise from 0, and there
  /// is one segment.
  public var places: SequencePlaces?

  /// A batch.
  ///
  /// - Precondition: Both arrays have a token for each position; starts are positions, and rise.
  public init(
    sequenceCount: Int, sequenceLength: Int, inputs: [Int32], targets: [Int32],
    documentStarts: [Int] = []
  ) {
    precondition(sequenceCount >= 0 && sequenceLength >= 0)
    precondition(
      inputs.count == sequenceCount * sequenceLength && targets.count == inputs.count,
      "inputs and targets need a token for each position")
    precondition(
      zip(documentStarts, documentStarts.dropFirst()).allSatisfy { $0 < $1 }
        && documentStarts.first ?? 0 >= 0 && documentStarts.last ?? -1 < inputs.count,
      "starts of documents are positions in rising order")
    self.sequenceCount = sequenceCount
    self.sequenceLength = sequenceLength
    self.inputs = inputs
    self.targets = targets
    self.documentStarts = documentStarts
  }

  /// Sets the factors of the sequences' losses in gradients.
  ///
  /// - Precondition: There is one for each sequence.
  public mutating func weigh(sequencesBy weights: [Float]) {
    precondition(weights.count == sequenceCount, "each sequence needs a weight")
    sequenceWeights = weights
  }

  /// The number of positions.
  public var tokenCount: Int { inputs.count }

  /// The number of positions that have a target.
  public var targetCount: Int { targets.count { $0 >= 0 } }
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
