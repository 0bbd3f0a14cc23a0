public import TesseraBasics
public import TesseraModels
import TesseraTensors
public import TesseraTokenizers

/// A model trained from nothing, or from what another run has left: the job behind `tessera pretrain` and
/// `tessera continue`.
///
/// Making one plans the run; ``run(in:progress:onResume:onUnremoved:)`` trains and leaves a model directory.
/// There are no weights before.
public struct Pretraining: Sendable {
  /// What was asked for.
  public let options: PretrainingOptions
  /// The steps.
  public let plan: TrainingPlan
  /// The batches.
  public let data: TrainingData
  /// The model's shape.
  public let configuration: TransformerConfiguration
  /// The model's parameters.
  public let layout: ParameterLayout
  /// What the run begins with; nil for random weights.
  public let beginning: RunBeginning?
  /// The speed that the plan was made for; nil if none was needed.
  public let plannedTokensPerSecond: Double?
  let tokenizer: Tokenizer
  let sources: [Source]
  let heldOut: TokenizedDocuments

  /// A corpus with its name in mixtures and metrics.
  public struct Source: Sendable {
    /// The name.
    public var name: String
    /// The documents.
    public var corpus: TokenizedCorpus

    /// Creates a source.
    public init(name: String = "corpus", corpus: TokenizedCorpus) {
      self.name = name
      self.corpus = corpus
    }
  }

  /// The most tokens in one forward and backward: enough to keep the cores busy, little enough for
  /// the activations to stay small.
  private static let microBatchTokenCount = 4_096

  /// Plans a run.
  ///
  /// - Parameters:
  ///   - tokenizer: The tokenizer of the model.
  ///   - sources: The corpora, encoded by it.
  ///   - options: Sizes, budget and rates; what is nil is decided here.
  ///   - beginning: The run whose weights and moments this one begins with, with the same tokenizer; nil
  ///     for random weights.
  ///   - record: The record of the run to resume, whose number of steps is then taken.
  /// - Throws: ``TrainingRunError``, ``DataPlanError``, ``MaskingError``, ``ScheduleError``,
  ///   `TokenizerError`.
  /// - Precondition: There is a source.
  public init(
    tokenizer: Tokenizer, sources: [Source], options: PretrainingOptions,
    beginning: RunBeginning? = nil, resuming record: JSONValue? = nil
  ) throws {
    precondition(!sources.isEmpty, "a run needs a source")
    try beginning?.check(options.optimizer)
    if let beginning, let hash = record?["begins_with"]?["state_sha256"]?.string,
      hash != beginning.hash
    {
      throw TrainingRunError.otherBeginning(path: beginning.path)
    }
    self.options = options
    self.beginning = beginning
    self.tokenizer = tokenizer
    self.sources = sources
    let configuration =
      beginning?.configuration
      ?? {
        switch options.family {
        case .llama:
          options.size.configuration(
            vocabularySize: tokenizer.vocabularySize, contextLength: options.contextLength)
        case .bert:
          options.size.encoderConfiguration(
            vocabularySize: tokenizer.vocabularySize, contextLength: options.contextLength)
        }
      }()
    self.configuration = configuration
    let layout = ParameterLayout(configuration)
    self.layout = layout
    let context = min(options.contextLength, configuration.contextLength)
    let masked = try MaskedTraining(
      options.masking.masking, model: configuration, tokenizer: tokenizer, name: "the tokenizer")
    if masked != nil { try MaskedTraining.check(options.data) }
    try masked?.check(sequenceLength: context)
    let dataPlan = try Self.dataPlan(
      sources, tokenizer: tokenizer, options: options, masked: masked)
    let microBatch = max(1, Self.microBatchTokenCount / context)
    var speed = record?["planned_tokens_per_second"]?.double
    if case .seconds = options.budget, speed == nil {
      speed = try TrainingRun.tokensPerSecond(
        of: Transformer(configuration: configuration, seed: options.seed),
        on: dataPlan.sample(
          sequenceLength: context, batchSequenceCount: microBatch, seed: options.seed),
        stages: try StageRule.stages(
          [StageRule.whole(like: options.stages.last)],
          common: options.selection, steps: 1, layout: layout, newRows: RangeSet(), weightDecay: 0),
        optimizer: options.optimizer, microBatchSequenceCount: microBatch
      ) { options.setCost(of: &$0) }
    }
    plannedTokensPerSecond = speed
    let tokens = options.budget.steps(batchTokenCount: 1, tokensPerSecond: speed ?? 0)
    let batch = options.batchTokenCount ?? Self.batchTokenCount(options.budget, tokens: tokens)
    let batchSequenceCount = max(1, batch / context)
    let steps = options.budget.steps(
      batchTokenCount: batchSequenceCount * context, tokensPerSecond: speed ?? 0)
    self.data = try dataPlan.data(
      steps: steps, sequenceLength: context, batchSequenceCount: batchSequenceCount,
      seed: options.seed)
    let body = layout.tensors.filter { !$0.hasTokenRows }.reduce(0) { $0 + $1.range.count }
    let rate =
      options.learningRate ?? beginning?.learningRate
      ?? min(
        Self.learningRateLimit,
        StepLaw.learningRate(
          bodyParameterCount: body, tokenCount: steps * self.data.batchTokenCount))
      * options.optimizer.kind.rateFactor
    let weightDecay = options.weightDecay ?? options.optimizer.kind.defaultWeightDecay
    let scheduleFirstStep = options.keepsSchedule ? beginning?.scheduleStep ?? 0 : 0
    var plan = TrainingPlan(
      steps: steps,
      schedule: try options.schedule.schedule(
        peak: rate, steps: scheduleFirstStep + steps,
        defaultWarmup: beginning == nil
          ? Self.warmup(steps: steps) : Schedule.defaultWarmup(steps: scheduleFirstStep + steps)),
      stages: try StageRule.stages(
        options.stages.isEmpty ? [StageRule(length: .rest)] : options.stages,
        common: options.selection, steps: steps, layout: layout, newRows: RangeSet(),
        weightDecay: weightDecay),
      optimizer: options.optimizer,
      microBatchSequenceCount: microBatch,
      evaluationInterval: max(10, steps / max(1, options.evaluationCount)))
    options.setCost(of: &plan)
    plan.scheduleFirstStep = scheduleFirstStep
    options.guards.set(&plan, layout: layout)
    self.plan = plan
    heldOut = try DocumentEncoder(tokenizer, name: "held-out documents").encode(
      Self.heldOut(of: sources, sizeLimit: options.heldOutSizeLimit))
  }

  /// The corpora, pairs of sentences, and how they are mixed.
  private static func dataPlan(
    _ corpora: [Source], tokenizer: Tokenizer, options: PretrainingOptions, masked: MaskedTraining?
  ) throws -> DataPlan {
    var sources = try corpora.map { source in
      var result = TrainingSource(
        name: source.name, documents: source.corpus.training,
        prefixes: try options.data.documentPrefixes(
          ofSource: source.name, own: { source.corpus.prefixes }, tokenizer: tokenizer))
      if masked != nil { result.beginsUnit = source.corpus.beginsUnit }
      return result
    }
    let textShare = masked == nil ? 1 : options.masking.textShare
    var groups = [DataPlan.Group(sources: sources.indices, share: textShare)]
    if let masked, let pairs = options.masking.pairs {
      let encoder = try DocumentEncoder(tokenizer, name: SentencePairs.sourceName)
      sources.append(try encoder.source(pairs, unit: masked.options.unit))
      groups.append(
        DataPlan.Group(sources: sources.count - 1..<sources.count, share: 1 - textShare))
    }
    return try DataPlan(
      sources: sources, groups: groups, options: options.data, masked: masked)
  }

  /// The highest rate that is chosen for a user. The Step Law asks for more where models are small,
  /// and was fitted with 2,000 steps of warmup; runs that are shorter than that leave the rails.
  static let learningRateLimit = 2e-3

  /// The warmup for a run from nothing, whose first gradients are large: 150 steps, but never more
  /// than a tenth of the run.
  static func warmup(steps: Int) -> Int {
    max(Schedule.defaultWarmup(steps: steps), min(150, steps / 10))
  }

  /// The batch for a budget: by the Step Law, except that a given number of steps keeps to 4,096
  /// tokens, since the law needs the number of tokens that the batch itself decides.
  private static func batchTokenCount(_ budget: TrainingBudget, tokens: Int) -> Int {
    if case .steps = budget { return microBatchTokenCount }
    return StepLaw.batchTokenCount(tokenCount: tokens)
  }

  /// The first documents up to a size, at least one if there is any.
  private static func prefix(of documents: [[UInt8]], sizeLimit: Int) -> [[UInt8]] {
    var size = 0
    return Array(
      documents.prefix { document in
        defer { size += document.count }
        return size == 0 || size + document.count <= sizeLimit
      })
  }

  /// The held-out documents that are scored: the first of each source, in equal amounts.
  private static func heldOut(of sources: [Source], sizeLimit: Int) -> [[UInt8]] {
    sources.flatMap { source in
      prefix(of: source.corpus.heldOut, sizeLimit: sizeLimit / sources.count)
    }
  }

  /// What is scored during training: the first of the held-out documents of each source.
  private var watched: [EvaluationSet] {
    get throws {
      try sources.compactMap { source in
        let documents = Self.prefix(
          of: source.corpus.heldOut, sizeLimit: options.watchedSizeLimit / sources.count)
        if documents.isEmpty { return nil }
        return try evaluationSet(
          sources.count == 1 ? "held_out" : source.name, documents)
      }
    }
  }

  /// Held-out documents as they are scored.
  private func evaluationSet(_ name: String, _ documents: [[UInt8]]) throws -> EvaluationSet {
    guard data.masked != nil else {
      let encoded = try DocumentEncoder(tokenizer, name: "held-out documents").encode(documents)
      return EvaluationSet(name: name, documents: encoded)
    }
    return EvaluationSet(
      name: name,
      masked: try MaskedDocuments(
        documents, tokenizer: tokenizer, tokens: EncoderTokens(tokenizer, name: "the tokenizer"),
        length: data.sequenceLength))
  }

  /// What held-out documents are scored by.
  public var measure: ScoreMeasure { ScoreMeasure(configuration.objective) }

  /// A number of all corpora together.
  private func sum(_ count: (TokenizedCorpus) -> Int) -> JSONValue {
    .init(sources.reduce(0) { $0 + count($1.corpus) })
  }

  /// The hash of the corpus; of several, that of their hashes one after the other.
  private var corpusSHA256: String {
    sources.count == 1
      ? sources[0].corpus.sha256
      : SHA256.hexDigest(of: Array(sources.map(\.corpus.sha256).joined().utf8))
  }

  /// The passes over all corpora together.
  private var epochs: Double {
    let epochs = data.epochs(after: plan.steps).prefix(sources.count)
    if epochs.count == 1 { return epochs[0] }
    let sizes = data.sources.prefix(sources.count).map { Double($0.documents.tokens.count) }
    return zip(sizes, epochs).reduce(0) { $0 + $1.0 * $1.1 } / sizes.reduce(0, +)
  }

  /// What tells the run from others that train.
  public var kind: RunKind { beginning == nil ? .pretrain : .continue }

  /// What the run takes at its peak.
  ///
  /// - Parameter processSize: What the process takes before, with tokenizer and corpus.
  /// - Throws: ``TrainingRunError``, `TokenizerError`.
  public func memory(processSize: Int) throws -> MemoryPlan {
    MemoryPlan(
      plan: plan, configuration: configuration, data: data, sets: try watched, keepsBest: false,
      processSize: processSize)
  }

  /// The plan as a record, for people's and programs' eyes, and for resuming.
  public var record: JSONValue {
    let kernels = SelectedKernels.current(for: plan.precision)
    var record: JSONObject = [
      "kind": .string(kind.rawValue),
      "begins_with": beginning?.record ?? .null,
      "size": beginning == nil ? .string(options.size.rawValue) : .null,
      "family": .string(beginning?.configuration.family.rawValue ?? options.family.rawValue),
      "parameters": .init(layout.count),
      "vocabulary_size": .init(configuration.vocabularySize),
      "context_length": .init(data.sequenceLength),
      "training_documents": sum { $0.training.count },
      "training_bytes": sum { $0.training.byteCount },
      "training_tokens": sum { $0.training.textTokenCount },
      "held_out_documents": .init(heldOut.count),
      "held_out_bytes": .init(heldOut.byteCount),
      "corpus_sha256": .string(corpusSHA256),
      "steps": .init(plan.steps),
      "batch_tokens": .init(data.batchTokenCount),
      "tokens": .init(plan.steps * data.batchTokenCount),
      "epochs": .init(epochs),
      "data": data.record(steps: plan.steps),
      "loss_weighting": plan.lossWeighting.map(\.record) ?? .null,
      "learning_rate": .init(plan.schedule.peak),
      "schedule": .string(options.schedule.name),
      "learning_rate_segments": plan.schedule.record,
      "optimizer": plan.optimizer.record,
      "optimizer_bytes": .init(
        plan.optimizer.stateSize(layout: layout, moving: plan.movingTensors)),
      "averaging": plan.averaging.record ?? .null,
      "average_bytes": .init(plan.averaging.size(parameterCount: layout.count)),
      "weight_decay": .init(options.weightDecay ?? options.optimizer.kind.defaultWeightDecay),
      "stages": .array(
        StageTable.tables(of: plan, layout: layout).map(\.record)),
      "seed": .init(options.seed),
      "precision": .string(plan.precision.rawValue),
      "openblas_core": .string(kernels.matrixProductCore),
      "instruction_set": .string(kernels.instructionSet),
      "bf16_instruction_set": kernels.bfloat16InstructionSet.map { .string($0) } ?? .null,
      "planned_tokens_per_second": plannedTokensPerSecond.map { .init($0) } ?? .null,
    ]
    if let masked = data.masked {
      record["masking"] = masked.options.record
      if options.masking.pairs != nil { record["pair_share"] = .init(options.masking.pairShare) }
    }
    return .object(record)
  }

  /// Trains, and writes the model, its tokenizer, the held-out documents and the record.
  ///
  /// - Parameters:
  ///   - directory: The folder of the run; states in it are continued.
  ///   - progress: Gets the steps.
  ///   - onResume: Told from where a run continues.
  ///   - onUnremoved: Told of states that cannot be removed.
  /// - Returns: The result, or nil if the run was interrupted; its state is then saved.
  /// - Throws: ``TrainingRunError``, `CheckpointError`, `TokenizerError`, `FileError`.
  public func run(
    in directory: inout RunDirectory, progress: ProgressHandler? = nil,
    onResume: (Resumption) -> Void = { _ in }, onUnremoved: (FileError) -> Void = { _ in }
  ) throws -> PretrainingResult? {
    if directory.record == nil { try directory.write(record) }
    guard
      let trained = try train(
        in: directory, progress: progress, onResume: onResume, onUnremoved: onUnremoved)
    else { return nil }
    let (model, evaluations) = (trained.model, trained.evaluations)
    var outcome = trained.outcome
    outcome.measurePeak(layout: layout, plan: plan, data: data)
    if let beginning {
      try ModelDirectory.write(
        model, like: beginning.checkpoint, to: directory.path, elementType: options.elementType)
    } else {
      try ModelDirectory.write(
        model, tokenizer: tokenizer, to: directory.path,
        elementType: options.elementType ?? .bf16)
    }
    // What is reported is what the files hold.
    let stored = try Transformer(checkpoint: directory.path)
    var score: CorpusScore?
    if heldOut.count > 0 {
      let set = try evaluationSet(
        "held_out", Self.heldOut(of: sources, sizeLimit: options.heldOutSizeLimit))
      score = set.score(of: stored, workspace: TransformerWorkspace(), progress: progress)
    }
    let result = PretrainingResult(
      kind: kind, outcome: outcome, weights: options.averaging.weights ?? .trained, score: score,
      evaluations: evaluations, measure: measure)
    try writeHeldOut(to: directory.path)
    try writeFile(
      Path.join(directory.path, "training.json"),
      JSONValue.object(["plan": record, "result": result.record]).serialized(pretty: true))
    return result
  }

  /// Trains; of the run there is nothing left in memory then but its model, nil after an interruption.
  private func train(
    in directory: borrowing RunDirectory, progress: ProgressHandler?,
    onResume: (Resumption) -> Void, onUnremoved: (FileError) -> Void
  ) throws -> (outcome: TrainingOutcome, model: Transformer, evaluations: [RunEvaluation])? {
    func makeRun(_ model: consuming Transformer) throws -> TrainingRun {
      var run = TrainingRun(
        model: model, plan: plan, data: data, evaluations: try watched, directory: directory.path)
      run.saveInterval = options.saveInterval
      return run
    }
    func makeFirstRun() throws -> TrainingRun {
      guard let beginning else {
        return try makeRun(Transformer(configuration: configuration, seed: options.seed))
      }
      let (parameters, state) = try beginning.load()
      var run = try makeRun(Transformer(configuration: configuration, parameters: parameters))
      try run.begin(with: state, moving: beginning.movingTensors, of: beginning.path)
      return run
    }
    func makeResumedRun() throws -> TrainingRun? {
      guard directory.hasStates else { return nil }
      var run = try makeRun(Transformer(blank: configuration))
      guard let resumption = try run.resume() else { return nil }
      onResume(resumption)
      return run
    }
    var run = try makeResumedRun() ?? makeFirstRun()
    let outcome = try run.run(progress: progress, onUnremoved: onUnremoved)
    guard outcome.isComplete else { return nil }
    var model = run.model(with: options.averaging.weights ?? .trained)
    if let beginning { try model.takeUnused(from: beginning.checkpoint) }
    return (outcome, model, run.evaluations)
  }

  /// Writes the held-out documents that were scored, one JSON object a line.
  private func writeHeldOut(to directory: String) throws {
    var lines: [UInt8] = []
    for document in Self.heldOut(of: sources, sizeLimit: options.heldOutSizeLimit) {
      let text = JSONValue.string(String(decoding: document, as: UTF8.self))
      lines += JSONValue.object(["text": text]).serialized(pretty: false)
      lines.append(UInt8(ascii: "\n"))
    }
    try writeFile(Path.join(directory, "held-out.jsonl"), lines)
  }
}

/// What came out of a ``Pretraining``.
public struct PretrainingResult: Sendable {
  /// What tells the run from others that train.
  public var kind: RunKind
  /// Steps, tokens and time.
  public var outcome: TrainingOutcome
  /// Which weights were written.
  public var weights: WeightKind
  /// The score of the held-out documents by the weights as they are stored; nil if there are none.
  public var score: CorpusScore?
  /// The evaluations during training.
  public var evaluations: [RunEvaluation]
  /// What the scores are.
  public var measure = ScoreMeasure.bitsPerByte

  /// The result as a JSON object.
  public var record: JSONValue {
    .object([
      "kind": .string(kind.rawValue),
      "steps": .init(outcome.steps),
      "tokens": .init(outcome.tokens),
      "weights": .string(weights.rawValue),
      "skipped_steps": .init(outcome.skippedSteps),
      "rollbacks": .init(outcome.rollbacks),
      "seconds": .init(outcome.seconds),
      "tokens_per_second": .init(outcome.tokensPerSecond.rounded()),
      "peak_memory_bytes": outcome.peakMemorySize.map { .init($0) } ?? .null,
      "roofline": outcome.roofline?.record ?? .null,
      "held_out": score.map { $0.record(measure: measure) } ?? .null,
    ])
  }
}
