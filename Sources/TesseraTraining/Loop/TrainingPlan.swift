public import TesseraBasics
public import TesseraModels
public import TesseraTensors

/// From some step on, which parameters move and how fast.
public struct TrainingStage: Hashable, Sendable {
  /// What metrics and progress call it.
  public var name: String
  /// Its first step.
  public var firstStep: Int
  /// Which gradients are computed; must cover the groups.
  public var scope: GradientScope
  /// The parameters that move.
  public var groups: [ParameterGroup]

  /// Creates a stage.
  public init(name: String, firstStep: Int, scope: GradientScope, groups: [ParameterGroup]) {
    self.name = name
    self.firstStep = firstStep
    self.scope = scope
    self.groups = groups
  }
}

/// Everything that decides what the steps of a run compute, apart from the weights and the data.
public struct TrainingPlan: Hashable, Sendable {
  /// The number of steps.
  public var steps: Int
  /// The learning rate over the steps.
  public var schedule: Schedule
  /// Which parameters move when; the first stage starts at step 0.
  public var stages: [TrainingStage]
  /// What turns gradients into steps.
  public var optimizer: OptimizerOptions
  /// The precision of the matrix products of steps; evaluations are in f32.
  public var precision = Precision.float32
  /// Whether activations are computed a second time on the way back, and not kept; the bits are the same.
  public var recomputesActivations = false
  /// The largest norm of a gradient; a longer one is scaled down to it.
  public var clipNorm: Double
  /// The most sequences in one forward and backward; larger batches accumulate their gradient.
  public var microBatchSequenceCount: Int
  /// The number of steps between evaluations; 0 evaluates at the end only.
  public var evaluationInterval: Int
  /// Steps after which there is an evaluation besides.
  public var evaluationSteps: [Int] = []
  /// How many steps in a row may have a gradient that is not finite before the run goes back or gives
  /// up.
  public var skipLimit: Int
  /// How many standard deviations a loss may be above those of the last 128 steps; nil is any number.
  public var lossSpikeLimit: Double?
  /// How many standard deviations a gradient's norm may be above those of the last 128 steps; nil is any
  /// number.
  public var gradientSpikeLimit: Double?
  /// The number of steps between copies of weights and moments in memory, to go back to; 0 keeps none.
  public var snapshotInterval = 0
  /// How sequences count by their losses; nil is all alike.
  public var lossWeighting: LossWeighting?
  /// Which means of the weights are kept, and which weights are evaluated.
  public var averaging = AveragingOptions()
  /// The place in the schedule of the first step, where the curve is that of an earlier run as well.
  public var scheduleFirstStep = 0
  /// The ranks of adapters that steps draw from, where they draw.
  public var adapterRanks: ClosedRange<Int>?

  /// Creates a plan; the defaults are the usual ones for language models.
  ///
  /// - Precondition: there is a step and a stage, the stages start at step 0 and rise, and counts
  ///   are positive.
  public init(
    steps: Int, schedule: Schedule, stages: [TrainingStage],
    optimizer: OptimizerOptions = OptimizerOptions(), clipNorm: Double = 1,
    microBatchSequenceCount: Int = 8, evaluationInterval: Int = 0, skipLimit: Int = 5
  ) {
    precondition(steps > 0, "a run has at least one step")
    precondition(stages.first?.firstStep == 0, "the first stage starts at step 0")
    precondition(
      zip(stages, stages.dropFirst()).allSatisfy { $0.firstStep < $1.firstStep },
      "the stages are out of order")
    precondition(clipNorm > 0 && microBatchSequenceCount > 0 && evaluationInterval >= 0)
    self.steps = steps
    self.schedule = schedule
    self.stages = stages
    self.optimizer = optimizer
    self.clipNorm = clipNorm
    self.microBatchSequenceCount = microBatchSequenceCount
    self.evaluationInterval = evaluationInterval
    self.skipLimit = skipLimit
  }

  /// The learning rate of a step, before the factors of groups.
  public func learningRate(at step: Int) -> Double {
    schedule.value(at: scheduleFirstStep + step)
  }

  /// The stage that a step belongs to.
  public func stage(at step: Int) -> TrainingStage {
    stages.last { $0.firstStep <= step } ?? stages[0]
  }
}

extension TrainingPlan {
  /// The plan as it is stored beside a state, so that a run is never resumed under another one.
  public var record: JSONValue {
    var record: JSONObject = [
      "steps": .init(steps),
      "schedule": schedule.record,
      "stages": .array(stages.map(\.record)),
      "optimizer": optimizer.record,
      "precision": .string(precision.rawValue),
      "clip_norm": .init(clipNorm),
      "micro_batch_sequences": .init(microBatchSequenceCount),
      "evaluation_interval": .init(evaluationInterval),
      "skip_limit": .init(skipLimit),
      "loss_spike_limit": lossSpikeLimit.map { .init($0) } ?? .null,
      "gradient_spike_limit": gradientSpikeLimit.map { .init($0) } ?? .null,
      "snapshot_interval": .init(snapshotInterval),
      "moving_tensors": .array(movingTensors.sorted().map { .init($0) }),
    ]
    if let averages = averaging.record { record["averaging"] = averages }
    if let adapterRanks {
      record["adapter_ranks"] = .array([
        .init(adapterRanks.lowerBound), .init(adapterRanks.upperBound),
      ])
    }
    if scheduleFirstStep > 0 { record["schedule_first_step"] = .init(scheduleFirstStep) }
    if !evaluationSteps.isEmpty {
      record["evaluation_steps"] = .array(evaluationSteps.map { .init($0) })
    }
    if let lossWeighting { record["loss_weighting"] = lossWeighting.record }
    return .object(record)
  }

  /// Weighs sequences by their losses from the first step on that has the highest learning rate.
  mutating func weighLosses(temperature: Double) {
    let peak = (0..<steps).reduce(0) { max($0, schedule.value(at: $1)) }
    let first = (0..<steps).first { schedule.value(at: $0) >= peak }
    lossWeighting = LossWeighting(temperature: temperature, firstStep: first ?? 0)
  }
}

extension TrainingPlan {
  /// The places in the layout of the tensors that move in some stage.
  var movingTensors: Set<Int> {
    Set(stages.flatMap { $0.groups.filter { $0.rate > 0 }.flatMap { $0.members.map(\.tensor) } })
  }

  /// How many ranks of the adapters a step uses, a pure function of seed and step; nil for all.
  func adapterRank(at step: Int, seed: UInt64) -> Int? {
    guard let adapterRanks else { return nil }
    var random = SplitMix64(seed: seed ^ (UInt64(step) &* 0x9E37_79B9_7F4A_7C15))
    return adapterRanks.lowerBound + random.below(adapterRanks.count)
  }
}

extension TrainingStage {
  /// The places of the gradients that are wanted in the stage, neighbours joined.
  func wantedRanges(layout: ParameterLayout) -> [Range<Int>] {
    var wanted = RangeSet<Int>()
    for tensor in layout.tensors where scope.includes(tensor) {
      wanted.insert(contentsOf: tensor.range)
    }
    return Array(wanted.ranges)
  }

  /// The places of the parameters that move, neighbours joined: the norm of a gradient is that of
  /// theirs.
  func movingRanges(layout: ParameterLayout) -> [Range<Int>] {
    var moving = RangeSet<Int>()
    for group in groups where group.rate > 0 {
      for member in group.members {
        let tensor = layout.tensors[member.tensor]
        let width = tensor.rowWidth
        let start = tensor.range.lowerBound
        moving.insert(
          contentsOf: start + member.rows.lowerBound * width..<start + member.rows.upperBound
            * width)
      }
    }
    return Array(moving.ranges)
  }
}

extension TrainingStage {
  /// The stage as a part of the plan's record.
  fileprivate var record: JSONValue {
    .object([
      "name": .string(name),
      "first_step": .init(firstStep),
      "groups": .array(
        groups.map { group in
          .object([
            "name": .string(group.name),
            "rate": .init(group.rate),
            "weight_decay": .init(group.weightDecay),
            "tensors": .init(Set(group.members.map(\.tensor)).count),
            "rows": .init(group.members.reduce(0) { $0 + $1.rows.count }),
            "members_sha256": .string(
              SHA256.hexDigest(
                of: Array(
                  group.members.map { "\($0.tensor):\($0.rows)" }.joined(separator: " ").utf8))),
          ])
        }),
    ])
  }
}
