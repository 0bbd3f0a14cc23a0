public import TesseraModels

/// A named collection of documents that training draws sequences from.
public struct TrainingSource: Sendable {
  /// What metrics call it.
  public var name: String
  /// Its documents, without those held out for evaluation.
  public var documents: TokenizedDocuments

  /// Creates a source.
  ///
  /// - Precondition: there is at least one document.
  public init(name: String, documents: TokenizedDocuments) {
    precondition(documents.count > 0, "a source needs documents")
    self.name = name
    self.documents = documents
  }
}

/// From some step on, the weights of the sources.
public struct MixtureStage: Hashable, Sendable {
  /// The first step with these weights.
  public var firstStep: Int
  /// The weights, one for each source.
  public var mixture: Mixture

  /// Creates a stage.
  public init(firstStep: Int, mixture: Mixture) {
    self.firstStep = firstStep
    self.mixture = mixture
  }
}

/// The batches of a run: which tokens every step sees.
///
/// A batch is a pure function of the sources, the seed and the step. Each source is passed over in
/// `EpochOrder`s, a fresh one for every pass, and the sources are mixed inside each batch.
public struct TrainingData: Sendable {
  /// The sources.
  public let sources: [TrainingSource]
  /// The mixture over the steps, the first from step 0.
  public let stages: [MixtureStage]
  /// The number of tokens of a sequence.
  public let sequenceLength: Int
  /// The number of sequences of a batch.
  public let batchSequenceCount: Int
  /// Where the shuffles come from.
  public let seed: UInt64
  /// For each stage, how many sequences each source has given before.
  private let given: [[Int]]

  /// Lays out the data of a run.
  ///
  /// - Precondition: there is a source; the stages start at step 0, rise, and have a weight for each
  ///   source; lengths and counts are positive.
  public init(
    sources: [TrainingSource], stages: [MixtureStage], sequenceLength: Int,
    batchSequenceCount: Int, seed: UInt64
  ) {
    precondition(sequenceLength > 0 && batchSequenceCount > 0, "a batch has at least one token")
    precondition(stages.first?.firstStep == 0, "the first stage starts at step 0")
    precondition(
      stages.allSatisfy { $0.mixture.sourceCount == sources.count },
      "each source needs a weight")
    self.sources = sources
    self.stages = stages
    self.sequenceLength = sequenceLength
    self.batchSequenceCount = batchSequenceCount
    self.seed = seed
    var given = [[Int](repeating: 0, count: sources.count)]
    for (stage, next) in zip(stages, stages.dropFirst()) {
      precondition(next.firstStep > stage.firstStep, "the stages are out of order")
      let counts = stage.mixture.counts(
        ofFirst: (next.firstStep - stage.firstStep) * batchSequenceCount)
      given.append(zip(given[given.count - 1], counts).map { $0 + $1 })
    }
    self.given = given
  }

  /// The number of tokens of a batch.
  public var batchTokenCount: Int { sequenceLength * batchSequenceCount }

  /// Where a sequence of a batch comes from: the source, the pass over it, and the place in that pass.
  public func origin(
    ofSequence sequence: Int, step: Int
  ) -> (source: Int, epoch: Int, index: Int) {
    let stage = stages.lastIndex { $0.firstStep <= step } ?? 0
    let number = (step - stages[stage].firstStep) * batchSequenceCount + sequence
    let (source, index) = stages[stage].mixture.slot(number)
    let perEpoch = EpochOrder.sequenceCount(
      tokenCount: sources[source].documents.tokens.count, sequenceLength: sequenceLength)
    let total = given[stage][source] + index
    return (source, total / perEpoch, total % perEpoch)
  }

  /// How many passes over each source are begun or done after `steps` steps, as fractions.
  public func epochs(after steps: Int) -> [Double] {
    let stage = stages.lastIndex { $0.firstStep < steps } ?? 0
    let counts = stages[stage].mixture.counts(
      ofFirst: (steps - stages[stage].firstStep) * batchSequenceCount)
    return sources.indices.map { source in
      let perEpoch = EpochOrder.sequenceCount(
        tokenCount: sources[source].documents.tokens.count, sequenceLength: sequenceLength)
      return Double(given[stage][source] + counts[source]) / Double(perEpoch)
    }
  }
}

/// Makes batches, and keeps the order of the passes that it is in.
///
/// The kept orders are a cache: what comes out depends on the step alone.
public struct BatchReader: Sendable {
  private let data: TrainingData
  private var orders: [(epoch: Int, order: EpochOrder)?]

  /// Creates a reader.
  public init(_ data: TrainingData) {
    self.data = data
    orders = Array(repeating: nil, count: data.sources.count)
  }

  /// The sequences of a step's batch from `sequences`, for the micro-batches of gradient accumulation.
  public mutating func batch(step: Int, sequences: Range<Int>) -> TokenBatch {
    let length = data.sequenceLength
    var inputs = [Int32](repeating: 0, count: sequences.count * length)
    var targets = inputs
    for sequence in sequences {
      let (source, epoch, index) = data.origin(ofSequence: sequence, step: step)
      let order = order(source: source, epoch: epoch)
      order.read(
        sequence: index, length: length, of: data.sources[source].documents,
        inputs: &inputs, targets: &targets, at: (sequence - sequences.lowerBound) * length)
    }
    return TokenBatch(
      sequenceCount: sequences.count, sequenceLength: length, inputs: inputs, targets: targets)
  }

  /// The order of a pass over a source.
  private mutating func order(source: Int, epoch: Int) -> EpochOrder {
    if let kept = orders[source], kept.epoch == epoch { return kept.order }
    let order = EpochOrder(
      of: data.sources[source].documents, sequenceLength: data.sequenceLength, seed: data.seed,
      stream: UInt64(source) << 32 | UInt64(epoch))
    orders[source] = (epoch, order)
    return order
  }
}
