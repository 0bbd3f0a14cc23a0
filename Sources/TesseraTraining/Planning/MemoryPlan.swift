public import TesseraBasics
public import TesseraModels

/// What a training takes at its peak, known before its first step.
///
/// The peak is in a step, or in an evaluation between two: what the run keeps, and the larger of what either
/// works in. Where adapters are merged it may be after the last step, and where an embedding is factorized, before
/// the first. To read the model and to write it takes less.
public struct MemoryPlan: Hashable, Sendable {
  /// What takes memory.
  public enum Part: String, CaseIterable, Hashable, Sendable {
    /// The parameters, 32-bit floats.
    case weights
    /// Their gradient, of those that some stage wants one of.
    case gradient
    /// What the optimizer remembers, and counts of updates.
    case moments
    /// Means of the weights.
    case averages
    /// The best weights so far.
    case best = "best_weights"
    /// The copy of weights, moments and means to go back to.
    case snapshot
    /// What layers keep for the backward pass.
    case activations
    /// The logits of a chunk of positions.
    case logits
    /// Matrices of a layer with what adapters add to them, or in bf16 with the other factors of their products.
    case preparedMatrices = "prepared_matrices"
    /// What evaluations, or the optimizer, need beyond a pass of training.
    case evaluation
    /// What is needed beyond a step to make adapters a part of the matrices, or factors of an embedding, when
    /// there is nothing else: copies of the weights, or of embedding and head.
    case conversion
    /// Tokens and text of the corpus, and the program with its tokenizer.
    case data

    /// The part as people read it.
    public var title: String {
      switch self {
      case .best: "best weights"
      case .preparedMatrices: "prepared matrices"
      case .conversion: "conversion of weights"
      case .data: "program, tokenizer and corpus"
      default: rawValue
      }
    }
  }

  /// The bytes of each part.
  public private(set) var sizes: [Part: Int] = [:]

  /// All parts together, in bytes.
  public var peakSize: Int { sizes.values.reduce(0, +) }

  /// Plans the memory of a run.
  ///
  /// - Parameters:
  ///   - plan: What its steps do.
  ///   - configuration: The model's shape.
  ///   - data: The batches.
  ///   - sets: What is scored on the way.
  ///   - keepsBest: Whether the best weights are kept.
  ///   - processSize: What the process takes before it has the model: program, tokenizer and corpus.
  public init(
    plan: TrainingPlan, configuration: TransformerConfiguration, data: TrainingData,
    sets: [EvaluationSet], keepsBest: Bool, processSize: Int
  ) {
    let layout = ParameterLayout(configuration)
    let weights = 4 * layout.count
    let moving = plan.movingTensors
    let units = layout.tensors.reduce(0) { $0 + ($1.movesByRow ? $1.rowCount : 1) }
    let moments = plan.optimizer.stateSize(layout: layout, moving: moving) + 4 * units
    var wanted = RangeSet<Int>()
    for range in plan.stages.flatMap({ $0.wantedRanges(layout: layout) }) {
      wanted.insert(contentsOf: range)
    }
    let gradient = 4 * wanted.ranges.reduce(0) { $0 + $1.count }
    let averages = plan.averaging.size(parameterCount: layout.count)
    let pass = PassMemory(
      configuration: configuration,
      sequenceCount: min(plan.microBatchSequenceCount, data.batchSequenceCount),
      sequenceLength: data.sequenceLength, isTraining: true,
      recomputes: plan.recomputesActivations, precision: plan.precision)
    // The workspace is one, and as large as its largest pass.
    let evaluation = sets.map { Self.passSize(of: $0, configuration) }.max() ?? 0
    let mean = sets.isEmpty ? 0 : weights * plan.extraMeanCount
    let work = plan.optimizer.kind == .muon ? Muon.workSize(layout: layout, moving: moving) : 0
    let beyondPass = max(0, evaluation - pass.size) + max(mean, work)
    let kept = moments + averages + (keepsBest ? weights : 0)
    let snapshot = plan.snapshotInterval > 0 ? weights + moments + averages : 0
    var conversion = 0
    if configuration.adapters != nil {
      var plain = configuration
      plain.adapters = nil
      conversion = 4 * ParameterLayout(plain).count - gradient - pass.size - beyondPass
    }
    if configuration.factorRank != nil {
      var whole = configuration
      (whole.factorRank, whole.adapters) = (nil, nil)
      // The model that was read, and its embedding and head twice: as they are stored, and in floats.
      let tables = (whole.tiedEmbeddings ? 1 : 2) * whole.vocabularySize * whole.width
      conversion = max(
        conversion,
        4 * (ParameterLayout(whole).count + 2 * tables) - gradient - pass.size - beyondPass - kept
          - snapshot)
    }
    sizes = [
      .weights: weights, .gradient: gradient, .moments: moments, .averages: averages,
      .best: keepsBest ? weights : 0,
      .snapshot: snapshot,
      .activations: pass.activations, .logits: pass.logits,
      .preparedMatrices: pass.preparedMatrices, .evaluation: beyondPass,
      .conversion: max(0, conversion), .data: processSize,
    ]
  }

  /// The bytes that the largest pass over a set works in.
  private static func passSize(
    of set: EvaluationSet, _ configuration: TransformerConfiguration
  ) -> Int {
    let shapes =
      switch set.content {
      case .documents(let documents, let options):
        EvaluationWindows.batches(
          options.windows(configuration: configuration).windows(of: documents),
          batchTokenCount: options.batchTokenCount
        ).map { (count: $0.count, length: $0.map(\.count).max() ?? 0) }
      case .masked(let documents): documents.passShapes
      }
    return shapes.map { shape in
      PassMemory(
        configuration: configuration, sequenceCount: shape.count, sequenceLength: shape.length,
        isTraining: false
      ).size
    }.max() ?? 0
  }

  /// The plan as a record.
  public var record: JSONValue {
    var record: JSONObject = ["peak_bytes": .init(peakSize)]
    for part in Part.allCases { record[part.rawValue + "_bytes"] = .init(sizes[part] ?? 0) }
    return .object(record)
  }
}

extension TrainingPlan {
  /// 1 where a mean of copies is made while all copies are others than the trained weights, else 0: a copy
  /// takes no room of its own until the next step.
  fileprivate var extraMeanCount: Int {
    guard let latest = averaging.latest, averaging.evaluatedKinds.contains(.lawa) else { return 0 }
    let interval = latest.interval(steps: steps)
    let isAligned =
      evaluationInterval % interval == 0 && evaluationSteps.allSatisfy { $0 % interval == 0 }
    return isAligned ? 0 : 1
  }
}
