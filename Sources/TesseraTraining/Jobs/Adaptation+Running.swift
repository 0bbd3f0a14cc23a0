public import TesseraBasics
public import TesseraModels
import TesseraTensors
public import TesseraTokenizers

extension Adaptation {
  /// The held-out documents of target and replay as a tokenizer's tokens, of encoders with the same words
  /// masked whatever the tokenizer.
  ///
  /// - Parameters:
  ///   - tokenizer: The tokenizer of the model to score.
  ///   - rowCount: The number of rows of that model.
  public func evaluationSets(
    for tokenizer: Tokenizer, rowCount: Int
  ) throws -> [EvaluationSet] {
    try [target, replay].compactMap { $0 }.map { source in
      guard !source.documents.heldOut.isEmpty else {
        throw TrainingRunError.noDocuments(source: "the held-out part of \(source.name)")
      }
      let encoder = try DocumentEncoder(tokenizer, name: source.name, rowCount: rowCount)
      guard configuration.objective == .maskedTokens else {
        return EvaluationSet(
          name: source.name, documents: try encoder.encode(source.documents.heldOut))
      }
      return EvaluationSet(
        name: source.name,
        masked: try MaskedDocuments(
          source.documents.heldOut, tokenizer: tokenizer,
          tokens: EncoderTokens(tokenizer, name: source.name),
          length: configuration.contextLength))
    }
  }

  /// Scores a model on sets.
  public static func scores(
    of model: Transformer, on sets: [EvaluationSet], progress: ProgressHandler? = nil
  ) -> [CorpusScore] {
    let workspace = TransformerWorkspace()
    return sets.map { set in
      set.score(of: model, workspace: workspace, progress: progress)
    }
  }

  /// Trains, and returns the chosen weights.
  ///
  /// - Parameters:
  ///   - directory: The folder of the run; states in it are continued.
  ///   - before: The bits per byte of the base model on the replay corpus, which forgetting is
  ///     measured against; nil without replay.
  ///   - time: The time that the job has taken so far.
  ///   - progress: Gets the steps.
  ///   - onResume: Told from where a run continues.
  ///   - onUnremoved: Told of states that cannot be removed.
  /// - Returns: The result, or nil if the run was interrupted; its state is then saved.
  /// - Throws: ``TrainingRunError``, `TokenizerError`.
  public func run(
    in directory: borrowing RunDirectory, before: Double?, time: RunTime = RunTime(),
    progress: ProgressHandler? = nil, onResume: (Resumption) -> Void = { _ in },
    onUnremoved: (FileError) -> Void = { _ in }
  ) throws -> AdaptationResult? {
    let sets = try evaluationSets(for: tokenizer, rowCount: configuration.vocabularySize)
    var selection = Selection(target: target.name)
    if let replay, let before {
      selection.limits = [
        Selection.Limit(name: replay.name, bitsPerByte: before + options.maximumForgetting)
      ]
    }
    func makeRun(_ model: consuming Transformer) -> TrainingRun {
      var run = TrainingRun(
        model: model, plan: plan, data: data, evaluations: sets, selection: selection,
        directory: directory.path)
      run.time = time
      run.saveInterval = options.saveInterval
      return run
    }
    func makeResumedRun() throws -> TrainingRun? {
      guard directory.hasStates else { return nil }
      // What an encoder's checkpoint has beside its parameters is in no state.
      var run = makeRun(
        configuration.objective == .maskedTokens
          ? try weights() : Transformer(blank: configuration))
      guard let resumption = try run.resume() else { return nil }
      onResume(resumption)
      return run
    }
    var run = try makeResumedRun() ?? makeRun(weights())
    var outcome = try run.run(progress: progress, onUnremoved: onUnremoved)
    guard outcome.isComplete else { return nil }
    outcome.measurePeak(layout: layout, plan: plan, data: data)
    var chosen = run.model
    if let best = run.best { chosen.parameters = best.parameters }
    let excess =
      run.evaluations.last { $0.step == run.best?.step && $0.weights == run.best?.weights }
      .map { selection.excess(of: $0) } ?? 0
    return AdaptationResult(
      model: chosen.mergingAdapters(), chosenStep: run.best?.step ?? outcome.steps,
      chosenWeights: run.best?.weights ?? .trained, outcome: outcome,
      evaluations: run.evaluations, keepsLimit: excess == 0)
  }

  /// Trains in memory, and scores the held-out documents before the first step and after some others.
  ///
  /// - Parameters:
  ///   - steps: The steps after which to score; after the last there is always a score.
  ///   - progress: Gets the steps.
  /// - Returns: The scores, or nil if the process was asked to stop.
  /// - Throws: ``TrainingRunError``, `TokenizerError`.
  public func scores(
    after steps: [Int], progress: ProgressHandler? = nil
  ) throws -> [RunEvaluation]? {
    let sets = try evaluationSets(for: tokenizer, rowCount: configuration.vocabularySize)
    var plan = plan
    plan.evaluationInterval = 0
    plan.evaluationSteps = steps
    var run = TrainingRun(model: try weights(), plan: plan, data: data, evaluations: sets)
    return try run.run(progress: progress).isComplete ? run.evaluations : nil
  }

  /// The plan as a record, for people's and programs' eyes, and for resuming.
  public var record: JSONValue {
    let epochs = data.epochs(after: plan.steps)
    let kernels = SelectedKernels.current(for: plan.precision)
    let targetCount = target.trainingParts.count
    let replayCount = replay?.trainingParts.count ?? 0
    // How often all parts together are passed over.
    func passes(_ sources: Range<Int>) -> Double {
      if sources.count == 1 { return epochs[sources.lowerBound] }
      let sizes = data.sources[sources].map { Double($0.documents.tokens.count) }
      return zip(sizes, epochs[sources]).reduce(0) { $0 + $1.0 * $1.1 } / sizes.reduce(0, +)
    }
    var record: JSONObject = [
      "kind": .string(RunKind.adapt.rawValue),
      "parameters": .init(layout.count),
      "vocabulary_size": .init(configuration.vocabularySize),
      "steps": .init(plan.steps),
      "row_steps": .init(
        plan.stages[0].scope == .embeddings && plan.stages.count > 1
          ? plan.stages[1].firstStep : 0),
      "stages": .array(
        StageTable.tables(of: plan, layout: layout).map(\.record)),
      "batch_tokens": .init(data.batchTokenCount),
      "sequence_length": .init(data.sequenceLength),
      "tokens": .init(plan.steps * data.batchTokenCount),
      "replay_share": .init(replay == nil ? 0 : options.replayShare),
      "target_epochs": .init(passes(0..<targetCount)),
      "replay_epochs": replay == nil
        ? .null : .init(passes(targetCount..<targetCount + replayCount)),
      "data": data.record(steps: plan.steps),
      "loss_weighting": plan.lossWeighting.map(\.record) ?? .null,
      "learning_rate": .init(plan.schedule.peak),
      "schedule": .string(options.schedule.name),
      "learning_rate_segments": plan.schedule.record,
      "optimizer": plan.optimizer.record,
      "adapters": options.adapters?.record ?? .null,
      "optimizer_bytes": .init(
        plan.optimizer.stateSize(layout: layout, moving: plan.movingTensors)),
      "averaging": plan.averaging.record ?? .null,
      "average_bytes": .init(plan.averaging.size(parameterCount: layout.count)),
      "maximum_forgetting_bits_per_byte": .init(options.maximumForgetting),
      "seed": .init(options.seed),
      "precision": .string(plan.precision.rawValue),
      "openblas_core": .string(kernels.matrixProductCore),
      "instruction_set": .string(kernels.instructionSet),
      "bf16_instruction_set": kernels.bfloat16InstructionSet.map { .string($0) } ?? .null,
      "planned_tokens_per_second": plannedTokensPerSecond.map { .init($0) } ?? .null,
    ]
    if let rank = configuration.factorRank { record["embedding_rank"] = .init(rank) }
    if let masked = data.masked {
      record["masking"] = masked.options.record
      if options.masking.pairs != nil {
        record["pair_share"] = .init(options.masking.pairShare)
        record["pair_epochs"] = .init(epochs[epochs.count - 1])
      }
    }
    return .object(record)
  }

  /// What held-out documents are scored by.
  public var measure: ScoreMeasure { ScoreMeasure(configuration.objective) }
}

/// What came out of an ``Adaptation``.
public struct AdaptationResult: Sendable {
  /// The model with the chosen weights.
  public var model: Transformer
  /// The step whose weights were chosen.
  public var chosenStep: Int
  /// Which of that step's weights were chosen.
  public var chosenWeights: WeightKind
  /// Steps, tokens and time.
  public var outcome: TrainingOutcome
  /// The evaluations during training.
  public var evaluations: [RunEvaluation]
  /// Whether the chosen weights have not forgotten more than was allowed.
  public var keepsLimit: Bool
}
