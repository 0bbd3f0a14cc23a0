import ArgumentParser
import TesseraBasics
import TesseraCheckpoints
import TesseraTraining
import TesseraVocabulary

/// `tessera adapt --model DIR --corpus FILE... --output DIR`: the whole job.
struct AdaptCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "adapt",
    abstract: "Teach a model a new language.",
    discussion: """
      Takes the weights of a model alone; to go on with another run's moments as well is `tessera continue`. \
      Extends the vocabulary with tokens of the corpus, trains (the new rows first, then everything, \
      with replay of the old language in every batch), and keeps the weights that predict held-out \
      text of the corpus best without forgetting more than --max-forget. Leaves a directory that \
      transformers loads, with report.json, metrics.jsonl, README.md (the model card; the base's is \
      BASE_README.md), configuration.yaml (the \
      options of this call) and state/. Encoders (BERT, RoBERTa, XLM-R) are trained to predict masked \
      tokens, and measured by the bits per byte of masked words. Where no weights forget so little, those that forget least \
      are left, and the exit status is 1.

      The sources of a mixture have the names of --corpus NAME=PATH and --replay NAME=PATH, or where there \
      are none, those of the tables; --dry-run shows the shares and passes of each.

      Interrupt it with Ctrl-C: it saves its state, and --resume goes on to the same bits.

      Examples:
        tessera adapt --model models/base-en --corpus corpora-samples/hi \\
          --paragraphs --replay corpora-samples/en --output adapted-hi
        tessera adapt --model models/base-en --corpus corpora-samples/hi \\
          --paragraphs --replay corpora-samples/en --output adapted-early \\
          --curriculum early-replay --packing best-fit --document-masks
      """)

  @Option(help: "The base model's directory.", completion: .directory)
  var model: String

  @OptionGroup var languages: LanguageOptions

  @Option(
    help: """
      Tokens to add; 0 adds none. (default: one for every \(AdaptationOptions.bytesPerNewToken) \
      bytes, at most 8192)
      """)
  var newTokens: Int?

  @OptionGroup var initialization: InitializationArguments
  @OptionGroup var placement: PlacementArguments

  @OptionGroup var budget: BudgetOptions
  @OptionGroup var step: StepOptions

  @OptionGroup var schedule: ScheduleArguments
  @OptionGroup var optimizer: OptimizerArguments
  @OptionGroup var parameters: ParameterArguments
  @OptionGroup var adapters: AdapterArguments
  @OptionGroup var data: DataArguments
  @OptionGroup var guards: GuardArguments
  @OptionGroup var averaging: AveragingArguments
  @OptionGroup var masking: MaskingArguments
  @OptionGroup var saving: SavingArguments

  @Option(
    help: ArgumentHelp(
      """
      Train the embedding, and a head of its own, as coordinates of this length times primitives \
      that all rows share (OFA); the model gets their products, and factors.safetensors has them. \
      (default: whole rows)
      """, valueName: "rank"))
  var embeddingRank: Int?

  @Option(help: "Share of every batch that is replay, as a fraction.")
  var replayShare = AdaptationOptions().replayShare

  @Option(help: "Bits per byte that the replayed language may lose.")
  var maxForget = AdaptationOptions().maximumForgetting

  @Flag(help: "Print the plan and stop.")
  var dryRun = false

  @OptionGroup var seed: SeedOption
  @OptionGroup var output: OutputOptions
  @OptionGroup var common: CommonOptions

  /// The largest share of replay: what is left to the corpus is one sequence of a hundred.
  static let maximumReplayShare = 0.99
  /// The most that may be forgotten: worse than no model at all, which needs eight bits for a byte.
  static let maximumForgetting = 100.0

  mutating func validate() throws {
    try checkRange("--new-tokens", newTokens, 0...TokenSelectionOptions.newTokenLimit)
    try checkRange("--embedding-rank", embeddingRank, 1...ModelConfigurationLimit.width)
    if initialization.sources.vectors.factors != nil {
      throw ValidationError("--factors is for tessera extend")
    }
    if !(0...Self.maximumReplayShare).contains(replayShare) {
      throw ValidationError(
        "--replay-share must be between 0 and \(Self.maximumReplayShare), not \(replayShare)")
    }
    if !(0...Self.maximumForgetting).contains(maxForget) {
      throw ValidationError(
        "--max-forget must be between 0 and \(Int(Self.maximumForgetting)), not \(maxForget)")
    }
    _ = try schedule.options(warmup: step.warmup)
    try budget.checkTokens(batchTokens: step.batchTokens)
    try saving.check(force: output.force)
  }

  func run() throws {
    let console = common.start()
    Interruption.install()
    let job = try AdaptationJob(self, console)
    if dryRun {
      try job.plan(console)
      return
    }
    guard let report = try job.run(console) else {
      throw Interrupted(resumableFolder: output.output)
    }
    console.finishProgress()
    if common.json {
      try console.printJSON(report.record)
    } else {
      try writeToStandardOutput(report.table)
      for line in rooflineLines(report.training.outcome) { console.say(line) }
      if report.training.chosenStep == 0 {
        console.say("note: no step was better than the weights before the first, which are kept")
      }
      if report.measure == .bitsPerByte {
        console.say("next: tessera generate --model \(output.output) --prompt TEXT")
      }
    }
    if !report.training.keepsLimit {
      console.warn(
        "no weights kept within --max-forget \(brief(maxForget)); "
          + (report.forgetsBeforeTraining
            ? "the new rows alone take more, before any training: another --init takes less"
            : "a larger --replay-share or a smaller --lr forgets less"))
      throw ExitCode(ExitStatus.checkFailed.rawValue)
    }
  }

  /// What the library is to do.
  ///
  /// - Parameters:
  ///   - sources: The names of all sources.
  ///   - masking: How an encoder is trained, if it is one.
  func makeOptions(
    sources: [String], masking: MaskedObjectiveOptions = MaskedObjectiveOptions()
  ) throws -> AdaptationOptions {
    var options = AdaptationOptions()
    options.masking = masking
    options.budget = budget.budget
    options.batchTokenCount = step.batchTokens
    options.sequenceLength = step.context
    options.learningRate = step.learningRate
    options.precision = step.precision
    options.recomputesActivations = step.recompute
    options.schedule = try schedule.options(warmup: step.warmup)
    options.optimizer = optimizer.options
    options.weightDecay = optimizer.weightDecay
    options.selection = parameters.selection
    options.adapters = adapters.options
    options.stages = parameters.stage
    options.data = try data.options(sources: sources)
    options.guards = guards.options
    options.averaging = averaging.options
    options.saveInterval = saving.saveEvery
    options.replayShare = languages.noReplay ? 0 : replayShare
    options.heldOutShare = languages.heldOut
    options.maximumForgetting = maxForget
    options.seed = seed.seed
    return options
  }
}
