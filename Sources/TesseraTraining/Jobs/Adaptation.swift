public import TesseraBasics
public import TesseraModels
public import TesseraTokenizers

/// A model with an extended vocabulary that is trained on a new language, with replay of its own:
/// the job behind `tessera adapt`, from the extension on.
///
/// First the rows of embedding and head move alone, those of new tokens fastest; then everything
/// moves. Of the weights that are scored on the way, those with the fewest bits per byte on the new
/// language are taken among those that have not forgotten more than is allowed.
public struct Adaptation: Sendable {
  /// A corpus with its name in tables.
  public struct Source: Sendable {
    /// The name.
    public var name: String
    /// The documents.
    public var documents: DocumentSplit
    /// The parts of the corpus that mixtures know by names of their own; none are the corpus as one.
    public var parts: [Part]

    /// Creates a source.
    public init(name: String, documents: DocumentSplit, parts: [Part] = []) {
      self.name = name
      self.documents = documents
      self.parts = parts
    }

    /// The parts, or the one that the corpus is.
    var trainingParts: [Part] {
      parts.isEmpty ? [Part(name: name, documents: documents.training)] : parts
    }
  }

  /// A part of a corpus with a name of its own.
  public struct Part: Sendable {
    /// The name.
    public var name: String
    /// Its documents to train on.
    public var documents: [[UInt8]]
    /// What stands before each of them, where their prefix has places for fields.
    public var prefixes: [String?]

    /// Creates a part.
    ///
    /// - Precondition: There are no prefixes, or one for each document.
    public init(name: String, documents: [[UInt8]], prefixes: [String?] = []) {
      precondition(prefixes.isEmpty || prefixes.count == documents.count)
      self.name = name
      self.documents = documents
      self.prefixes = prefixes
    }
  }

  /// What was asked for.
  public let options: AdaptationOptions
  /// The steps.
  public let plan: TrainingPlan
  /// The batches.
  public let data: TrainingData
  /// The speed that the plan was made for; nil if none was needed.
  public let plannedTokensPerSecond: Double?
  /// The new language.
  public let target: Source
  /// The language to keep, if there is a corpus of it.
  public let replay: Source?
  /// The shape of the extended model, with its adapters.
  public let configuration: TransformerConfiguration
  /// The parameters of the extended model, with its adapters.
  public let layout: ParameterLayout
  /// Reads the extended model, and adds the adapters. Nothing else holds its weights, so that they are not in memory twice.
  let weights: Weights
  let tokenizer: Tokenizer

  /// What reads a model, whenever its weights are needed.
  public typealias Weights = @Sendable () throws -> Transformer

  /// The most tokens in one forward and backward.
  private static let microBatchTokenCount = 2_048

  /// Plans the training of an extended model.
  ///
  /// - Parameters:
  ///   - configuration: The shape of the extended model.
  ///   - weights: Reads the extended model: where speed has to be measured, and when training begins.
  ///   - tokenizer: Its tokenizer.
  ///   - newRows: The rows of the new tokens.
  ///   - target: The new language.
  ///   - replay: The language to keep.
  ///   - options: Budget and rates; what is nil is decided here.
  ///   - record: The record of the run to resume, whose measured speed is then taken.
  /// - Throws: ``TrainingRunError``, ``DataPlanError``, ``MaskingError``, ``ScheduleError``,
  ///   `TokenizerError`.
  public init(
    configuration: TransformerConfiguration, weights: @escaping Weights, tokenizer: Tokenizer,
    newRows: RangeSet<Int>, target: Source, replay: Source?, options: AdaptationOptions,
    resuming record: JSONValue? = nil
  ) throws {
    self.options = options
    var (configuration, weights) = (configuration, weights)
    if let adapters = try options.adapters?.adapters(layerCount: configuration.layerCount) {
      configuration.adapters = adapters
      weights = { [weights] in try weights().adding(adapters, seed: options.seed) }
    }
    self.configuration = configuration
    self.weights = weights
    let layout = ParameterLayout(configuration)
    self.layout = layout
    self.tokenizer = tokenizer
    self.target = target
    self.replay = replay
    let masked = try MaskedTraining(
      options.masking.masking, model: configuration, tokenizer: tokenizer,
      name: target.name)
    if masked != nil { try MaskedTraining.check(options.data) }
    let dataPlan = try Self.dataPlan(
      target: target, replay: replay, tokenizer: tokenizer,
      rowCount: configuration.vocabularySize, options: options, masked: masked)
    let targetTokens = dataPlan.sources.prefix(target.trainingParts.count).reduce(0) {
      $0 + $1.documents.tokens.count
    }
    let budget =
      options.budget
      ?? .tokens(
        Int(
          Double(Self.epochs(tokenCount: targetTokens) * targetTokens)
            / max(0.01, dataPlan.newShare - (masked == nil ? 0 : 1 - options.masking.textShare))))
    let length = min(
      options.sequenceLength ?? Self.sequenceLength(targetTokens),
      configuration.contextLength)
    try masked?.check(sequenceLength: length)
    let microBatch = max(1, Self.microBatchTokenCount / length)
    var speed = record?["planned_tokens_per_second"]?.double
    if case .seconds = budget, speed == nil {
      speed = try TrainingRun.tokensPerSecond(
        of: weights(),
        on: dataPlan.sample(
          sequenceLength: length, batchSequenceCount: microBatch, seed: options.seed),
        stages: try StageRule.stages(
          [StageRule.whole(like: options.stages.last)],
          common: options.selection, steps: 1, layout: layout, newRows: newRows, weightDecay: 0),
        optimizer: options.optimizer, microBatchSequenceCount: microBatch
      ) { options.setCost(of: &$0) }
    }
    plannedTokensPerSecond = speed
    let tokens = budget.steps(batchTokenCount: 1, tokensPerSecond: speed ?? 0)
    let batchSequenceCount = max(
      1, (options.batchTokenCount ?? Self.batchTokenCount(budget, tokens: tokens)) / length)
    let steps = budget.steps(
      batchTokenCount: batchSequenceCount * length, tokensPerSecond: speed ?? 0)
    self.data = try dataPlan.data(
      steps: steps, sequenceLength: length, batchSequenceCount: batchSequenceCount,
      seed: options.seed)
    let rate =
      options.learningRate
      ?? Self.learningRate(parameterCount: layout.count) * options.optimizer.kind.rateFactor
    var plan = TrainingPlan(
      steps: steps,
      schedule: try options.schedule.schedule(peak: rate, steps: steps),
      stages: try Self.stages(
        layout: layout, newRows: newRows, steps: steps, options: options),
      optimizer: options.optimizer,
      microBatchSequenceCount: microBatch,
      evaluationInterval: max(1, steps / max(1, options.evaluationCount)))
    options.setCost(of: &plan)
    options.guards.set(&plan, layout: layout)
    self.plan = plan
  }

  /// The sources, and how they are mixed: the parts of the new language, then those of the one to keep, and
  /// pairs of sentences.
  private static func dataPlan(
    target: Source, replay: Source?, tokenizer: Tokenizer, rowCount: Int,
    options: AdaptationOptions, masked: MaskedTraining?
  ) throws -> DataPlan {
    let share = replay == nil ? 0 : options.replayShare
    let textShare = masked == nil ? 1 : options.masking.textShare
    var sources: [TrainingSource] = []
    var groups: [DataPlan.Group] = []
    for (source, isReplay) in [(target, false), (replay, true)] {
      guard let source else { continue }
      guard !source.documents.heldOut.isEmpty else {
        throw TrainingRunError.noDocuments(source: source.name)
      }
      let first = sources.count
      for part in source.trainingParts {
        let encoder = try DocumentEncoder(tokenizer, name: part.name, rowCount: rowCount)
        guard !part.documents.isEmpty else {
          throw TrainingRunError.noDocuments(source: part.name)
        }
        var source = try encoder.source(
          part.documents, name: part.name, unit: masked?.options.unit,
          spans: options.masking.spans)
        source.prefixes = try options.data.documentPrefixes(
          ofSource: part.name,
          own: { try DocumentPrefixes(part.prefixes, tokenizer: tokenizer) }, tokenizer: tokenizer)
        sources.append(source)
      }
      groups.append(
        DataPlan.Group(
          sources: first..<sources.count, share: textShare * (isReplay ? share : 1 - share),
          isReplay: isReplay))
    }
    if let masked, let pairs = options.masking.pairs {
      let encoder = try DocumentEncoder(
        tokenizer, name: SentencePairs.sourceName, rowCount: rowCount)
      sources.append(try encoder.source(pairs, unit: masked.options.unit))
      groups.append(
        DataPlan.Group(sources: sources.count - 1..<sources.count, share: 1 - textShare))
    }
    return try DataPlan(
      sources: sources, groups: groups, options: options.data, masked: masked)
  }

  /// Sees to it that a model has what is to train, before rows are made and anything is written.
  ///
  /// Where the budget is a number of steps, lengths of stages and of the schedule are checked as well.
  ///
  /// - Parameters:
  ///   - options: What will be asked for.
  ///   - layout: The parameters of the extended model.
  ///   - newRows: The rows of new tokens.
  ///   - target: The new language.
  ///   - replay: The language to keep.
  /// - Throws: ``ParameterSelectionError``, ``ScheduleError``, ``DataPlanError``.
  public static func check(
    _ options: AdaptationOptions, layout: ParameterLayout, newRows: RangeSet<Int>, target: Source,
    replay: Source?
  ) throws {
    let replayed = replay?.trainingParts.map(\.name) ?? []
    let dataRules = try DataPlan.rules(
      of: options.data,
      names: target.trainingParts.map(\.name) + replayed
        + (options.masking.pairs == nil ? [] : [SentencePairs.sourceName]),
      replay: replayed)
    for part in target.trainingParts + (replay?.trainingParts ?? []) {
      try options.data.checkMetadata(
        ofSource: part.name, isThere: part.prefixes.contains { $0 != nil })
    }
    if case .steps(let steps)? = options.budget {
      _ = try stages(layout: layout, newRows: newRows, steps: steps, options: options)
      _ = try options.schedule.schedule(peak: 1, steps: steps)
      _ = try DataPlan.ends(of: dataRules, steps: steps)
      return
    }
    for rule in options.stages.isEmpty ? [StageRule(length: .rest)] : options.stages {
      _ = try rule.selection.adding(options.selection)
        .groups(layout: layout, newRows: newRows, weightDecay: 0)
    }
  }

  /// The stages: those asked for, or the rows alone, then everything.
  private static func stages(
    layout: ParameterLayout, newRows: RangeSet<Int>, steps: Int, options: AdaptationOptions
  ) throws -> [TrainingStage] {
    let weightDecay = options.weightDecay ?? options.optimizer.kind.defaultWeightDecay
    func stages(_ rules: [StageRule]) throws -> [TrainingStage] {
      try StageRule.stages(
        rules, common: options.selection, steps: steps, layout: layout, newRows: newRows,
        weightDecay: weightDecay)
    }
    if !options.stages.isEmpty { return try stages(options.stages) }
    let rowSteps = min(steps - 1, Int((Double(steps) * options.rowStageShare).rounded()))
    var rows = StageRule(length: .steps(rowSteps), name: "training rows")
    rows.selection.bodyRate = 0
    rows.selection.baseRowRate = options.baseRowRate
    rows.selection.newRowRate = options.newRowRate
    let all = StageRule(length: .rest, name: "training")
    // Where rows are frozen there is nothing for them to do alone.
    let movesRows = try !rows.selection.adding(options.selection).groups(
      layout: layout, newRows: newRows, weightDecay: weightDecay
    ).isEmpty
    return try stages(movesRows ? [rows, all] : [all])
  }

  /// How often to pass over a corpus: small ones several times, which still teaches up to about four
  /// to eight passes; Muennighoff et al., "Scaling Data-Constrained Language Models", 2023,
  /// arXiv:2305.16264.
  static func epochs(tokenCount: Int) -> Int {
    switch tokenCount {
    case ..<50_000: 8
    case ..<500_000: 4
    case ..<2_000_000: 2
    default: 1
    }
  }

  /// The length of sequences: short where the corpus is small, so that every batch mixes sources.
  static func sequenceLength(_ tokenCount: Int) -> Int { tokenCount < 500_000 ? 256 : 512 }

  /// The tokens of a batch: by the Step Law, but not so few that gradients are noise.
  static func batchTokenCount(_ budget: TrainingBudget, tokens: Int) -> Int {
    if case .steps = budget { return 2_048 }
    return max(1_024, StepLaw.batchTokenCount(tokenCount: tokens))
  }

  /// The peak of the learning rate: 3 · 10⁻⁴ for a model of 100 million parameters, and by the
  /// root of the size up to 10⁻³ for smaller and down to 10⁻⁴ for larger ones.
  static func learningRate(parameterCount: Int) -> Double {
    min(1e-3, max(1e-4, 3e-4 * (1e8 / Double(parameterCount)).squareRoot()))
  }
}

extension Adaptation {
  /// What the run takes at its peak.
  ///
  /// - Parameter processSize: What the process takes before, with tokenizer and corpus.
  /// - Throws: ``TrainingRunError``, `TokenizerError`.
  public func memory(processSize: Int) throws -> MemoryPlan {
    MemoryPlan(
      plan: plan, configuration: configuration, data: data,
      sets: try evaluationSets(for: tokenizer, rowCount: configuration.vocabularySize),
      keepsBest: true, processSize: processSize)
  }
}
