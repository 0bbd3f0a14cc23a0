import ArgumentParser
import TesseraBasics
import TesseraCorpora
import TesseraModels
import TesseraTokenizers
import TesseraTraining

/// `tessera pretrain --tokenizer DIR --corpus FILE... --output DIR`: a base model from nothing.
struct PretrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pretrain",
    abstract: "Train a base model from nothing.",
    discussion: """
      Trains a model of the Llama family, or with --family bert an encoder, on a corpus and leaves a directory that transformers \
      loads, with held-out.jsonl (documents that it was not trained on), metrics.jsonl (a line for \
      each step), training.json (plan and result), configuration.yaml (the options of this call) \
      and state/ (to continue with --resume).

      --corpus may be a folder of shards that `tessera shard` made with this tokenizer: its tokens stay in \
      their files, so that the corpus may be larger than the memory, and the steps are those from the text.

      --corpus NAME=PATH ... makes several sources, texts or folders of shards, which are read in \
      proportion to their sizes or as --mix, --sampling-temperature, --max-epochs, --data-stage and \
      --curriculum say; --dry-run shows the shares and passes of each.

      Interrupt it with Ctrl-C: it saves its state, and --resume goes on to the same bits.

      Examples:
        tessera pretrain --tokenizer models/base-en --corpus corpora-samples/en \\
          --paragraphs --minutes 5 --output base-tiny --size tiny
        tessera pretrain --tokenizer models/base-en --corpus en=corpora-samples/en \\
          hi=corpora-samples/hi --paragraphs --steps 40 --sampling-temperature 3 --max-epochs 4 \\
          --packing best-fit --document-masks --output base-two --size tiny --dry-run
      """)

  @Option(help: "The model's size: \(ModelSize.allCases.map(\.rawValue).joined(separator: ", ")).")
  var size = ModelSize.small

  @Option(
    help: """
      The model's family: llama, a decoder, or bert, an encoder, whose tokenizer needs <s>, </s>, \
      <pad> and <mask>.
      """)
  var family = PretrainingFamily.llama

  @Option(help: "The tokenizer's folder or file.", completion: .file())
  var tokenizer: String

  @Option(
    parsing: .upToNextOption,
    help: """
      Files or folders of text, - for standard input; or one folder of shards. NAME=PATH makes several \
      sources, each with a name for --mix and --data-stage.
      """,
    completion: .file())
  var corpus: [String]

  @OptionGroup var documents: DocumentOptions
  @OptionGroup var budget: BudgetOptions
  @OptionGroup var step: StepOptions

  @OptionGroup var schedule: ScheduleArguments
  @OptionGroup var optimizer: OptimizerArguments
  @OptionGroup var parameters: ParameterArguments
  @OptionGroup var data: DataArguments
  @OptionGroup var guards: GuardArguments
  @OptionGroup var averaging: AveragingArguments
  @OptionGroup var masking: MaskingArguments

  @Option(
    help: "Share of the corpus that is held out, as a fraction. (default: 0.005; shards are split)")
  var heldOut: Double?

  @Option(help: "Format of the stored weights: f32, bf16, f16.")
  var dtype = StoredPrecision.bf16

  @Flag(help: "Continue the run in the output folder.")
  var resume = false

  @Flag(help: "Print the plan and stop.")
  var dryRun = false

  @OptionGroup var seed: SeedOption
  @OptionGroup var output: OutputOptions
  @OptionGroup var common: CommonOptions

  mutating func validate() throws {
    if budget.budget == nil { throw ValidationError("give one of --steps, --tokens and --minutes") }
    if let heldOut, !(0...0.5).contains(heldOut) {
      throw ValidationError("--held-out must be between 0 and 0.5, not \(heldOut)")
    }
    _ = try schedule.options(warmup: step.warmup)
    try budget.checkTokens(batchTokens: step.batchTokens)
    if resume && output.force { throw ValidationError("--resume and --force exclude each other") }
  }

  func run() throws {
    let console = common.start()
    Interruption.install()
    try masking.check(for: family == .llama ? .nextToken : .maskedTokens)
    let named = try sources(ofCorpus: corpus)
    let inputs = [tokenizer] + named.flatMap(\.paths) + masking.paths
    try output.checkRun(resume: resume, inputs: inputs)
    if masking.spans != nil, named.count > 1 {
      throw UsageError("--spans counts the documents of one corpus, and there are \(named.count)")
    }
    let shards = try named.map { try shardFolder(in: $0.paths, documents, heldOut: heldOut) }
    if let unit = masking.masking, unit != .token, shards.contains(where: { $0 != nil }) {
      throw UsageError("--masking \(unit.rawValue) needs text, and shards hold tokens")
    }
    let texts = zip(named, shards).compactMap { $1 == nil ? $0.paths : nil }
    var corpora = try documents.corpora(
      texts, metadataFields: data.metadataFields)[...]
    let path = tokenizer
    let tokenizer = try Tokenizer(contentsOf: path)
    if tokenizer.endOfText == nil { throw CommandError.noEndOfText(tokenizer: path) }
    do throws(TokenizerError) {
      try tokenizer.checkExpressible(in: .huggingFace)
    } catch {
      guard case .notExpressible(_, let part, _) = error else { throw error }
      throw CommandError.notForModels(tokenizer: path, part: part)
    }
    let options = try makeOptions(
      sources: named.map(\.name) + (masking.pairs.isEmpty ? [] : [SentencePairs.sourceName]))
    let sources = try zip(named, shards).map { source, shards in
      try Pretraining.Source(
        name: source.name,
        corpus: shards.map { path in
          try TokenizedCorpus(
            ShardFolder(path: path, tokenizer: tokenizer),
            heldOutSizeLimit: options.heldOutSizeLimit, progress: console.progress)
        }
          ?? tokenized(
            corpora.removeFirst(), by: tokenizer, prefix: data.template(ofSource: source.name),
            console))
    }
    let phase = budget.minutes == nil ? "planning" : "measuring the speed of training"
    if dryRun {
      let job = try console.during(phase) {
        try Pretraining(tokenizer: tokenizer, sources: sources, options: options)
      }
      try show(job, console)
      return
    }
    var directory = try RunDirectory(
      path: output.output, force: output.force, resume: resume, inputs: inputs)
    let record = directory.record
    let job = try console.during(phase) {
      try Pretraining(
        tokenizer: tokenizer, sources: sources, options: options, resuming: record)
    }
    if !directory.isResumed {
      // The record first: it shows whose the folder is.
      try directory.write(job.record)
      try RunConfiguration.current.write(to: output.output)
    }
    if !common.json { try show(job, console) }
    let result = try job.run(
      in: &directory, progress: console.progress, onResume: console.sayResumed,
      onUnremoved: console.warnUnremoved)
    guard let result else { throw Interrupted(resumableFolder: output.output) }
    console.finishProgress()
    if common.json {
      try console.printJSON(result.record)
    } else {
      show(result, console)
    }
  }

  /// The job's options.
  private func makeOptions(sources: [String]) throws -> PretrainingOptions {
    var options = PretrainingOptions(budget: budget.budget ?? .steps(1))
    options.size = size
    options.family = family
    options.masking = try masking.options()
    if let context = step.context { options.contextLength = context }
    options.batchTokenCount = step.batchTokens
    options.learningRate = step.learningRate
    options.precision = step.precision
    options.recomputesActivations = step.recompute
    options.schedule = try schedule.options(warmup: step.warmup)
    options.optimizer = optimizer.options
    options.weightDecay = optimizer.weightDecay
    options.selection = parameters.selection
    options.stages = parameters.stage
    options.data = try data.options(sources: sources)
    options.guards = guards.options
    options.averaging = averaging.options
    options.elementType = dtype.elementType
    options.seed = seed.seed
    return options
  }

  /// The corpus as tokens.
  private func tokenized(
    _ corpus: Corpus, by tokenizer: Tokenizer, prefix: PrefixTemplate?, _ console: Console
  ) throws -> TokenizedCorpus {
    let name = corpus.paths.joined(separator: ", ")
    let heldOut = heldOut ?? ShardingOptions(format: .tessera).heldOutShare
    do {
      return try TokenizedCorpus(
        corpus, name: name, tokenizer: tokenizer,
        split: heldOut > 0 ? HeldOutSplit(fraction: heldOut) : nil, prefix: prefix,
        unit: masking.masking ?? .token, spans: try masking.documentSpans(),
        progress: console.progress)
    } catch TrainingRunError.noDocuments(let source) {
      // Standard input cannot be read again to see whether there was anything.
      if !corpus.paths.contains("-") {
        var reader = corpus.makeReader()
        if try reader.next() == nil { throw CommandError.emptyCorpus(paths: corpus.paths) }
      }
      throw TrainingRunError.noDocuments(source: source)
    }
  }

  /// Prints the plan.
  private func show(_ job: Pretraining, _ console: Console) throws {
    if common.json {
      try console.printJSON(job.record)
      return
    }
    let model = job.model
    let tokens = job.plan.steps * job.data.batchTokenCount
    console.say(
      """
      model: \(size.rawValue), \(groupDigits(model.layout.count)) parameters, vocabulary \
      \(groupDigits(model.configuration.vocabularySize)), context \
      \(groupDigits(model.configuration.contextLength))
      plan: \(groupDigits(job.plan.steps)) steps of \(groupDigits(job.data.batchTokenCount)) tokens, \
      \(groupDigits(tokens)) tokens in all
      """)
    console.say(job.data, steps: job.plan.steps)
    console.say(job.plan, layout: model.layout)
    console.sayKernels(for: job.plan.precision)
    console.sayCost(
      parameterCount: model.layout.count,
      optimizerSize: job.plan.optimizer.stateSize(layout: model.layout), tokenCount: tokens,
      tokensPerSecond: job.plannedTokensPerSecond)
  }

  /// Prints the result.
  private func show(_ result: PretrainingResult, _ console: Console) {
    let score =
      result.score.map { "\(fixed($0.bitsPerByte, 4)) \(result.measure.title)" } ?? "not measured"
    console.say(
      """
      trained on \(groupDigits(result.outcome.tokens)) tokens; this call took \
      \(formatDuration(result.outcome.seconds)), \
      \(groupDigits(Int(result.outcome.tokensPerSecond))) tokens/s
      held-out documents: \(score)
      """)
    if family == .llama {
      console.say("next: tessera generate --model \(output.output) --prompt \"Once\"")
    }
  }
}
