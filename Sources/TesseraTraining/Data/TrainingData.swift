/// A named collection of documents that training draws sequences from.
public struct TrainingSource: Sendable {
  /// What metrics call it.
  public var name: String
  /// Its documents, without those held out for evaluation.
  public var documents: TokenizedDocuments
  /// What stands before documents, such as where they are from or their language; stages say before how
  /// many. It is read, and nothing is learned from predicting it.
  ///
  /// Gao et al., "Metadata Conditioning Accelerates Language Model Pre-training", 2025, arXiv:2501.01956.
  public var prefixes: DocumentPrefixes
  /// For encoders: for each token, whether it begins what is masked together; nil where each does.
  public var beginsUnit: [Bool]?
  /// For encoders, where documents are pairs of sentences: how many tokens the first one of each has.
  public var secondStarts: [Int]?

  /// Creates a source.
  ///
  /// - Precondition: there is at least one document, and where they have prefixes of their own, one for
  ///   each.
  public init(
    name: String, documents: TokenizedDocuments, prefixes: DocumentPrefixes = DocumentPrefixes()
  ) {
    precondition(documents.count > 0, "a source needs documents")
    precondition(prefixes.fits(documentCount: documents.count), "each document needs a prefix")
    self.name = name
    self.documents = documents
    self.prefixes = prefixes
  }
}

/// From some step on, the weights of the sources.
public struct MixtureStage: Hashable, Sendable {
  /// The first step with these weights.
  public var firstStep: Int
  /// The weights, one for each source.
  public var mixture: Mixture
  /// The share of documents that have the prefix of their source.
  public var prefixShare: Double

  /// Creates a stage.
  ///
  /// - Precondition: The share is from 0 to 1.
  public init(firstStep: Int, mixture: Mixture, prefixShare: Double = 1) {
    precondition((0...1).contains(prefixShare), "a share is from 0 to 1")
    self.firstStep = firstStep
    self.mixture = mixture
    self.prefixShare = prefixShare
  }
}

/// The batches of a run: which tokens every step sees.
///
/// A batch is a pure function of the sources, the seed and the step. Each source is passed over in one
/// order after the other, a fresh one for every pass, and the sources are mixed inside each batch. A stage
/// goes on where a source stands; where it changes what share of documents has a prefix, and with it how
/// they lie in sequences, a source that has a prefix begins a new pass.
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
  /// How documents are put into sequences.
  public let packing: SequencePacking
  /// Whether attention stays inside of documents.
  public let masksDocuments: Bool
  /// How sequences are masked, for encoders.
  public let masked: MaskedTraining?
  /// The sources as stages read them.
  let layouts: [SourceLayout]
  /// For each stage and source, its layout.
  private let layoutNumbers: [[Int]]
  /// For each stage, how many sequences each layout has given before.
  private let given: [[Int]]

  /// Lays out the data of a run.
  ///
  /// - Precondition: there is a source; the stages start at step 0, rise, and have a weight for each
  ///   source; lengths and counts are positive, and a sequence is longer than a prefix; sequences of
  ///   encoders have room for text, no prefixes, and documents one after the other.
  /// - Complexity: O(documents), and for ``SequencePacking/bestFit`` one layout of them.
  public init(
    sources: [TrainingSource], stages: [MixtureStage], sequenceLength: Int,
    batchSequenceCount: Int, seed: UInt64, packing: SequencePacking = .concatenate,
    masksDocuments: Bool = false, masked: MaskedTraining? = nil
  ) {
    precondition(
      masked.map { sequenceLength > $0.pairSurroundingCount + 1 } ?? true,
      "a sequence has room for text")
    precondition(
      masked == nil
        || packing == .concatenate && !masksDocuments && sources.allSatisfy(\.prefixes.isEmpty),
      "documents of encoders follow each other")
    precondition(
      sources.allSatisfy { source in
        source.beginsUnit.map { $0.count == source.documents.tokens.count } ?? true
          && source.secondStarts.map { masked != nil && $0.count == source.documents.count } ?? true
      }, "what encoders need of a source is there for each token and document")
    precondition(sequenceLength > 0 && batchSequenceCount > 0, "a batch has at least one token")
    precondition(stages.first?.firstStep == 0, "the first stage starts at step 0")
    precondition(
      stages.allSatisfy { $0.mixture.sourceCount == sources.count },
      "each source needs a weight")
    precondition(
      sources.allSatisfy { $0.prefixes.longest < sequenceLength }, "a prefix fills a whole sequence"
    )
    self.sources = sources
    self.stages = stages
    self.sequenceLength = sequenceLength
    self.batchSequenceCount = batchSequenceCount
    self.seed = seed
    self.packing = packing
    self.masksDocuments = masksDocuments
    self.masked = masked
    let contentLength = sequenceLength - (masked == nil ? 0 : MaskedTraining.surroundingCount)

    var layouts: [SourceLayout] = []
    var shares: [Double] = []
    var layoutNumbers: [[Int]] = []
    for stage in stages {
      layoutNumbers.append(
        sources.enumerated().map { number, source in
          let share = source.prefixes.isEmpty ? 0 : stage.prefixShare
          let known = layouts.indices.filter { layouts[$0].source == number }
          if let layout = known.first(where: { shares[$0] == share }) { return layout }
          layouts.append(
            SourceLayout(
              source, number: number, prefixShare: share, variant: known.count, packing: packing,
              length: contentLength, seed: seed))
          shares.append(share)
          return layouts.count - 1
        })
    }
    var given = [[Int](repeating: 0, count: layouts.count)]
    for (number, (stage, next)) in zip(stages, stages.dropFirst()).enumerated() {
      precondition(next.firstStep > stage.firstStep, "the stages are out of order")
      let counts = stage.mixture.counts(
        ofFirst: (next.firstStep - stage.firstStep) * batchSequenceCount)
      var sums = given[number]
      for (layout, count) in zip(layoutNumbers[number], counts) { sums[layout] += count }
      given.append(sums)
    }
    self.layouts = layouts
    self.layoutNumbers = layoutNumbers
    self.given = given
  }

  /// For each stage, the sequences of a pass over each source.
  var sequencesPerPass: [[Int]] {
    layoutNumbers.map { $0.map { layouts[$0].sequencesPerPass } }
  }

  /// The tokens of text in a sequence.
  var contentLength: Int {
    sequenceLength - (masked == nil ? 0 : MaskedTraining.surroundingCount)
  }

  /// The number of tokens of a batch.
  public var batchTokenCount: Int { sequenceLength * batchSequenceCount }

  /// Where a sequence of a batch comes from: the source, the pass over it, and the place in that pass.
  public func origin(
    ofSequence sequence: Int, step: Int
  ) -> (source: Int, epoch: Int, index: Int) {
    let place = place(ofSequence: sequence, step: step)
    return (layouts[place.layout].source, place.pass, place.index)
  }

  /// Where a sequence of a batch comes from: the layout, the pass over it, and the place in that pass.
  func place(ofSequence sequence: Int, step: Int) -> (layout: Int, pass: Int, index: Int) {
    let stage = stages.lastIndex { $0.firstStep <= step } ?? 0
    let number = (step - stages[stage].firstStep) * batchSequenceCount + sequence
    let (source, index) = stages[stage].mixture.slot(number)
    let layout = layoutNumbers[stage][source]
    let total = given[stage][layout] + index
    let perPass = layouts[layout].sequencesPerPass
    return (layout, total / perPass, total % perPass)
  }

  /// How many passes over each source are begun or done after `steps` steps, as fractions.
  public func epochs(after steps: Int) -> [Double] {
    sequenceCounts(after: steps).map { counts in
      counts.reduce(0) { $0 + Double($1.count) / Double(layouts[$1.layout].sequencesPerPass) }
    }
  }

  /// The share of the sequences of the first `steps` steps that each source gives.
  public func shares(after steps: Int) -> [Double] {
    sequenceCounts(after: steps).map { counts in
      Double(counts.reduce(0) { $0 + $1.count }) / Double(max(1, steps * batchSequenceCount))
    }
  }

  /// For each source, how many sequences each of its layouts gives in the first `steps` steps.
  private func sequenceCounts(after steps: Int) -> [[(layout: Int, count: Int)]] {
    let stage = stages.lastIndex { $0.firstStep < steps } ?? 0
    var sums = given[stage]
    let counts = stages[stage].mixture.counts(
      ofFirst: (steps - stages[stage].firstStep) * batchSequenceCount)
    for (layout, count) in zip(layoutNumbers[stage], counts) { sums[layout] += count }
    return sources.indices.map { source in
      layouts.indices.filter { layouts[$0].source == source }.map { ($0, sums[$0]) }
    }
  }

  /// The share of the positions of each source's sequences that have a target, as its first stage has it:
  /// all of them, but for prefixes and for the room that packing leaves; of encoders, about those that are
  /// masked.
  ///
  /// - Complexity: O(documents).
  public var targetShares: [Double] {
    if let masked { return sources.map { _ in masked.options.probability } }
    return sources.indices.map { source in
      guard let layout = layouts.first(where: { $0.source == source }) else { return 0 }
      let documents = layout.documents
      let positions =
        packing == .bestFit ? layout.sequencesPerPass * sequenceLength : documents.tokenCount
      return Double(documents.documents.tokens.count) / Double(positions)
    }
  }
}
