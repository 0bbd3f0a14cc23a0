public import TesseraBasics
public import TesseraModels
import TesseraTensors

/// A training run: a model, its data, a plan, and a folder for its state.
///
/// Steps are pure functions of weights, moments and the step number, so a run that is stopped at any
/// moment and resumed gives the same weights, bit for bit, as one that is not.
///
///     var run = TrainingRun(model: model, plan: plan, data: data, evaluations: sets)
///     let outcome = try run.run()
///     outcome.isComplete    // false if it was interrupted
///
/// Means of the weights that the plan's ``TrainingPlan/averaging`` asks for are a part of its state.
///
/// With a folder it keeps there:
/// - `metrics.jsonl`, a line for every step and every evaluation;
/// - `state/`, the newest two states.
public struct TrainingRun: Sendable {
  /// The model; its parameters are those after the last step.
  public private(set) var model: Transformer
  /// The number of steps done.
  public private(set) var step = 0
  /// The evaluations so far.
  public private(set) var evaluations: [RunEvaluation] = []
  /// The parameters with the best evaluation so far, its step, and what kind they are, if the run selects.
  public private(set) var best: (parameters: [Float], step: Int, weights: WeightKind)?

  let plan: TrainingPlan
  let data: TrainingData
  let sets: [EvaluationSet]
  let selection: Selection?
  private let directory: String?
  private let identity: RunIdentity
  /// What makes steps; nil until it is needed, so that a state can take its place before it takes room.
  private var optimizer: Optimizer?
  private var averages: WeightAverages
  private var stepGuard: StepGuard
  /// What the run can go back to.
  private var snapshot: RunSnapshot?
  private var reader: BatchReader
  private var isResumed = false

  /// Seconds between two states on disk.
  public var saveIntervalSeconds = 300.0
  /// Steps between two states on disk besides; nil for none.
  public var saveInterval: Int?
  /// The time that the run has taken. Callers that have done something for it before set it.
  public var time = RunTime()
  /// The bytes of text of each source.
  private let sourceSizes: [Double]
  /// Seconds, operations and bytes of text of the steps of this call.
  private var work = (seconds: 0.0, operations: 0.0, bytes: 0.0)
  /// The states that could not be removed.
  private var unremoved: Set<String> = []

  /// Creates a run at its first step.
  ///
  /// - Parameters:
  ///   - model: The model to start from.
  ///   - plan: What the steps do.
  ///   - data: What they see.
  ///   - evaluations: What is scored now and then.
  ///   - selection: Which evaluated weights to keep; nil keeps none but the last.
  ///   - directory: The folder for metrics and states, which must exist; nil keeps neither.
  public init(
    model: consuming Transformer, plan: TrainingPlan, data: TrainingData,
    evaluations: [EvaluationSet] = [],
    selection: Selection? = nil, directory: String? = nil
  ) {
    self.model = model
    self.plan = plan
    self.data = data
    sets = evaluations
    self.selection = selection
    self.directory = directory
    identity = RunIdentity(
      model: Self.record(of: model), data: data.fingerprint, plan: plan.record,
      selection: selection?.record ?? .null)
    averages = WeightAverages(
      options: plan.averaging, steps: plan.steps, parameters: model.parameters)
    stepGuard = StepGuard(
      limit: plan.skipLimit, lossLimit: plan.lossSpikeLimit, gradientLimit: plan.gradientSpikeLimit)
    reader = BatchReader(data)
    sourceSizes = data.sources.map { Double($0.documents.byteCount) }
  }

  /// Where states lie.
  private var store: StateStore? { directory.map { StateStore(path: $0 + "/state") } }

  /// What decides the parameters of a model and what they mean.
  private static func record(of model: Transformer) -> JSONValue {
    guard let adapters = model.configuration.adapters else { return model.layout.record }
    return .object(["parameters": model.layout.record, "adapters": adapters.record])
  }

  /// Continues from the newest whole state in the run's folder.
  ///
  /// - Returns: From where; nil if there is no state, and the run starts at its first step.
  /// - Throws: ``TrainingRunError``, where no state is whole or they belong to another run.
  public mutating func resume() throws(TrainingRunError) -> Resumption? {
    guard let store, let (state, faults) = try store.loadNewest(identity: identity) else {
      return nil
    }
    let count = model.layout.count
    guard state.parameters.count == count,
      let restored = Optimizer(
        layout: model.layout, options: plan.optimizer, moving: plan.movingTensors,
        restoring: state.optimizer),
      averages.fits(state.averages, parameterCount: count),
      state.snapshot.map({
        $0.parameters.count == count && restored.fits($0.optimizer)
          && averages.fits($0.averages, parameterCount: count)
      }) ?? true
    else {
      throw .stateMismatch(path: store.folder(ofStep: state.step), part: "model")
    }
    model.parameters = state.parameters
    optimizer = restored
    averages.restore(state.averages)
    stepGuard = StepGuard(
      limit: plan.skipLimit, lossLimit: plan.lossSpikeLimit, gradientLimit: plan.gradientSpikeLimit,
      state: state.guarding)
    snapshot = state.snapshot
    evaluations = state.evaluations
    best = state.best.flatMap { best in state.bestStep.map { (best, $0, state.bestWeights) } }
    step = state.step
    time.add(earlier: state.seconds)
    isResumed = true
    return Resumption(
      step: step, passedOver: faults, kernels: state.kernels,
      currentKernels: .current(for: plan.precision))
  }

  /// Begins with what another run's optimizer remembers.
  ///
  /// - Parameters:
  ///   - state: What it remembers.
  ///   - moving: The places in the layout of the tensors that moved in that run; nil for those that do here.
  ///   - path: What an error calls that run.
  /// - Precondition: no step is done.
  /// - Throws: ``TrainingRunError/stateMismatch(path:part:)`` where it is of another model.
  mutating func begin(
    with state: consuming OptimizerState, moving: Set<Int>? = nil, of path: String
  ) throws(TrainingRunError) {
    precondition(step == 0, "a run begins before its first step")
    let new = plan.movingTensors
    if let moving, moving != new {
      guard
        let moved = state.moving(
          layout: model.layout, options: plan.optimizer, from: moving, to: new)
      else { throw .stateMismatch(path: path, part: "model") }
      state = moved
    }
    guard
      let restored = Optimizer(
        layout: model.layout, options: plan.optimizer, moving: new, restoring: state)
    else { throw .stateMismatch(path: path, part: "model") }
    optimizer = restored
  }

  /// Runs the steps that are left, with an evaluation before the first and after the last.
  ///
  /// - Parameters:
  ///   - progress: Gets the number of steps done.
  ///   - shouldStop: Asked before each step; when it says yes, the state is saved and the run returns.
  ///   - onUnremoved: Told once of each old state that cannot be removed, and takes room.
  /// - Returns: What was done.
  /// - Throws: ``TrainingRunError``.
  public mutating func run(
    progress: ProgressHandler? = nil, shouldStop: () -> Bool = { Interruption.isRequested },
    onUnremoved: (FileError) -> Void = { _ in }
  ) throws(TrainingRunError) -> TrainingOutcome {
    let clock = ContinuousClock()
    let start = clock.now
    let firstStep = step
    var lastSave = start
    var lastFlush = start
    var log: MetricsLog?
    if let directory {
      log = try MetricsLog(
        path: directory + "/metrics.jsonl", continuingAfter: isResumed ? firstStep : nil)
      if !isResumed { try store?.removeAll() }
    }
    let workspace = TransformerWorkspace()
    // What is wanted is cleared before each step; of the rest nothing is read.
    var gradient = uninitializedFloats(count: model.layout.count)
    if optimizer == nil {
      optimizer = Optimizer(
        layout: model.layout, options: plan.optimizer, moving: plan.movingTensors)
    }
    if step == 0, evaluations.isEmpty {
      evaluate(workspace: workspace, progress: progress, log: &log)
    }

    while step < plan.steps {
      if shouldStop() {
        try save(log: &log, onUnremoved)
        return outcome(isComplete: false, since: firstStep, seconds: seconds(start, clock))
      }
      let stepStart = clock.now
      let report = try makeStep(gradient: &gradient, workspace: workspace)
      let elapsed = seconds(stepStart, clock)
      let operations = plan.operationsPerToken(
        at: step - 1, configuration: model.configuration, layout: model.layout,
        sequenceLength: data.sequenceLength)
      let bytes = zip(data.epochs(after: step), data.epochs(after: step - 1)).enumerated()
        .reduce(0.0) { $0 + ($1.element.0 - $1.element.1) * sourceSizes[$1.offset] }
      work.seconds += elapsed
      work.operations += operations * Double(data.batchTokenCount)
      work.bytes += bytes
      log?.append(
        report.record(
          step: step, tokens: data.batchTokenCount, seconds: elapsed,
          operationsPerToken: operations, bytes: bytes))
      progress?(
        ProgressUpdate(
          phase: plan.stage(at: step - 1).name, completed: step, total: plan.steps, unit: "steps",
          detail: report.summary(tokensPerSecond: Double(data.batchTokenCount) / elapsed)))
      if isEvaluationDue { evaluate(workspace: workspace, progress: progress, log: &log) }
      if seconds(lastFlush, clock) > 5 {
        try log?.flush()
        lastFlush = clock.now
      }
      if seconds(lastSave, clock) > saveIntervalSeconds
        || saveInterval.map({ step % $0 == 0 }) ?? false
      {
        try save(log: &log, onUnremoved)
        lastSave = clock.now
      }
    }
    try save(log: &log, onUnremoved)
    return outcome(isComplete: true, since: firstStep, seconds: seconds(start, clock))
  }

  /// The seconds since an instant.
  private func seconds(_ start: ContinuousClock.Instant, _ clock: ContinuousClock) -> Double {
    let duration = clock.now - start
    return Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
  }

  /// One forward, backward and update.
  private mutating func makeStep(
    gradient: inout [Float], workspace: TransformerWorkspace
  ) throws(TrainingRunError) -> StepReport {
    let stage = plan.stage(at: step)
    if step == stage.firstStep { stepGuard.beginStage() }
    if plan.snapshotInterval > 0, step % plan.snapshotInterval == 0,
      sumOfSquares(model.parameters.span).isFinite
    {
      snapshot = RunSnapshot(
        step: step, parameters: model.parameters, optimizer: optimizerState,
        averages: averages.state)
    }
    clear(&gradient, stage.wantedRanges(layout: model.layout))
    var batches = stride(
      from: 0, to: data.batchSequenceCount, by: plan.microBatchSequenceCount
    ).map { first in
      reader.batch(
        step: step,
        sequences: first..<min(first + plan.microBatchSequenceCount, data.batchSequenceCount))
    }
    if let weighting = plan.lossWeighting, step >= weighting.firstStep {
      weigh(&batches, by: weighting, workspace: workspace)
    }
    // Prefixes and the room that packing leaves have no target, nor what an encoder's masks leave.
    let targetCount = batches.reduce(0) { $0 + $1.targetCount }
    guard targetCount > 0 else {
      // There is nothing to learn from, and moments and decay alone are to move nothing.
      step += 1
      var report = StepReport(
        stage: stage.name, loss: 0, gradientNorm: 0, learningRate: plan.learningRate(at: step - 1))
      report.skipped = .noTargets
      return report
    }
    var loss = 0.0
    for batch in batches {
      loss +=
        model.accumulateGradient(
          of: batch, into: &gradient, scale: 1 / Float(targetCount), scope: stage.scope,
          precision: plan.precision,
          adapterRank: plan.adapterRank(at: step, seed: data.seed),
          recomputes: plan.recomputesActivations, workspace: workspace
        ).sum
    }
    loss /= Double(targetCount)
    let norm = stage.movingRanges(layout: model.layout).reduce(0.0) {
      $0 + sumOfSquares(gradient.span.extracting($1))
    }.squareRoot()
    let rate = plan.learningRate(at: step)
    let judgement = stepGuard.judge(
      loss: loss, gradientNorm: norm, hasSnapshot: snapshot != nil,
      weightsAreFinite: { [model] in sumOfSquares(model.parameters.span).isFinite })
    var report = StepReport(
      stage: stage.name, loss: loss, gradientNorm: norm, learningRate: rate,
      lossScore: judgement.lossScore, gradientScore: judgement.gradientScore)
    switch judgement.verdict {
    case .stop: throw .notFinite(step: step, inARow: stepGuard.state.inARow)
    case .skip(let reason): report.skipped = reason
    case .rollBack:
      report.skipped = .notFinite
      if let snapshot {
        model.parameters = snapshot.parameters
        optimizer?.restore(snapshot.optimizer)
        averages.restore(snapshot.averages)
        report.rolledBackTo = snapshot.step
      }
    case .update:
      // Taken out, so that its arrays have one owner while they change.
      guard var optimizer = optimizer.take() else {
        preconditionFailure("there is an optimizer before the first step")
      }
      optimizer.step(
        parameters: &model.parameters, gradient: gradient,
        gradientScale: min(1, plan.clipNorm / norm), learningRate: rate, groups: stage.groups)
      self.optimizer = optimizer
    }
    step += 1
    averages.update(
      &model.parameters, step: step, isUpdated: judgement.verdict == .update)
    return report
  }

  /// Weighs the sequences of a step by their losses under the weights before it.
  private func weigh(
    _ batches: inout [TokenBatch], by weighting: LossWeighting, workspace: TransformerWorkspace
  ) {
    let losses = batches.map {
      model.tokenLosses(
        of: $0, precision: plan.precision,
        adapterRank: plan.adapterRank(at: step, seed: data.seed), workspace: workspace)
    }
    var sums: [(sum: Double, count: Int)] = []
    for (batch, losses) in zip(batches, losses) {
      for sequence in 0..<batch.sequenceCount {
        let range = sequence * batch.sequenceLength..<(sequence + 1) * batch.sequenceLength
        sums.append(
          (
            losses[range].reduce(0) { $0 + Double($1) }, batch.targets[range].count { $0 >= 0 }
          ))
      }
    }
    var weights = weighting.weights(of: sums).map { Float($0) }[...]
    for index in batches.indices {
      batches[index].weigh(sequencesBy: Array(weights.prefix(batches[index].sequenceCount)))
      weights = weights.dropFirst(batches[index].sequenceCount)
    }
  }

  /// The model with weights of a kind.
  ///
  /// - Precondition: The run keeps them.
  public func model(with kind: WeightKind) -> Transformer {
    precondition(
      plan.averaging.keptKinds.contains(kind), "the run keeps the weights that are asked for")
    var model = model
    model.parameters = averages.weights(kind, trained: model.parameters)
    return model
  }

  /// What the optimizer remembers; nothing before there is one.
  private var optimizerState: OptimizerState {
    optimizer?.state ?? OptimizerState(updateCounts: [], memories: [])
  }

  /// Whether the sets are to be scored after the step that was just made.
  private var isEvaluationDue: Bool {
    step == plan.steps || plan.evaluationSteps.contains(step)
      || (plan.evaluationInterval > 0 && step % plan.evaluationInterval == 0)
  }

  /// Scores the sets by weights of each kind that the plan says, and keeps the best so far.
  private mutating func evaluate(
    workspace: TransformerWorkspace, progress: ProgressHandler?, log: inout MetricsLog?
  ) {
    guard !sets.isEmpty else { return }
    // Before the first step all weights are the same.
    for kind in plan.averaging.evaluatedKinds.prefix(step == 0 ? 1 : .max) {
      let model = model(with: kind)
      let entries = sets.map { set in
        let score = set.score(of: model, workspace: workspace, progress: progress)
        return RunEvaluation.Entry(name: set.name, bitsPerByte: score.bitsPerByte)
      }
      let evaluation = RunEvaluation(step: step, weights: kind, entries: entries)
      if let selection {
        let previous = best.flatMap { best in
          evaluations.last { $0.step == best.step && $0.weights == best.weights }
        }
        if previous.map({ selection.prefers(evaluation, to: $0) }) ?? true {
          best = (model.parameters, step, kind)
        }
      }
      evaluations.append(evaluation)
      log?.append(evaluation.record(measure: ScoreMeasure(model.configuration.objective)))
    }
  }

  /// Writes the log and the state.
  private mutating func save(
    log: inout MetricsLog?, _ onUnremoved: (FileError) -> Void
  ) throws(TrainingRunError) {
    guard let store else { return }
    try log?.flush()
    let state = RunState(
      step: step, parameters: model.parameters, optimizer: optimizerState,
      averages: averages.state, guarding: stepGuard.state, snapshot: snapshot,
      evaluations: evaluations, best: best?.parameters, bestStep: best?.step,
      bestWeights: best?.weights ?? .trained, kernels: .current(for: plan.precision),
      seconds: time.seconds)
    for error in try store.save(state, identity: identity)
    where unremoved.insert(error.path).inserted {
      onUnremoved(error)
    }
  }

  /// What the run has done since a step.
  private func outcome(isComplete: Bool, since first: Int, seconds: Double) -> TrainingOutcome {
    TrainingOutcome(
      isComplete: isComplete, steps: step, tokens: step * data.batchTokenCount,
      skippedSteps: stepGuard.state.total, rollbacks: stepGuard.state.rollbacks, seconds: seconds,
      time: time,
      tokensPerSecond: Double((step - first) * data.batchTokenCount) / max(seconds, 1e-9),
      roofline: work.seconds > 0
        ? Roofline(
          operationsPerSecond: work.operations / work.seconds, peakOperationsPerSecond: nil,
          precision: plan.precision, bytesPerSecond: work.bytes / work.seconds) : nil)
  }
}
