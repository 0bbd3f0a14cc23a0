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
      Trains a model of the Llama family on a corpus and leaves a directory that transformers \
      loads, with held-out.jsonl (documents that it was not trained on), metrics.jsonl (a line for \
      each step), training.json (plan and result) and state/ (to continue with --resume).

      Interrupt it with Ctrl-C: it saves its state, and --resume goes on to the same bits.

      Example: tessera pretrain --size small --tokenizer vocabs/en-8k --corpus corpora/en.jsonl \
      --minutes 60 --output models/my-base
      """)

  @Option(help: "The model's size: \(ModelSize.allCases.map(\.rawValue).joined(separator: ", ")).")
  var size = ModelSize.small

  @Option(help: "The tokenizer's folder or file.", completion: .file())
  var tokenizer: String

  @Option(
    parsing: .upToNextOption, help: "Files or folders of text, - for standard input.",
    completion: .file())
  var corpus: [String]

  @OptionGroup var documents: DocumentOptions
  @OptionGroup var budget: BudgetOptions
  @OptionGroup var step: StepOptions

  @Option(
    help:
      "The learning rate's curve: \(ScheduleCurve.allCases.map(\.rawValue).joined(separator: ", "))."
  )
  var schedule = ScheduleCurve.cosine

  @Option(help: "Share of the corpus that is held out, as a fraction.")
  var heldOut = 0.005

  @Option(help: "Format of the stored weights: f32, bf16, f16.")
  var precision = StoredPrecision.bf16

  @Flag(help: "Continue the run in the output folder.")
  var resume = false

  @Flag(help: "Print the plan and stop.")
  var dryRun = false

  @OptionGroup var seed: SeedOption
  @OptionGroup var output: OutputOptions
  @OptionGroup var common: CommonOptions

  mutating func validate() throws {
    if budget.budget == nil { throw ValidationError("give one of --steps, --tokens and --minutes") }
    if !(0...0.5).contains(heldOut) {
      throw ValidationError("--held-out must be between 0 and 0.5, not \(heldOut)")
    }
    if resume && output.force { throw ValidationError("--resume and --force exclude each other") }
  }

  func run() throws {
    let console = common.start()
    Interruption.install()
    let inputs = [tokenizer] + corpus
    if !dryRun, !(resume && RunDirectory.isResumable(output.output)) {
      try OutputDirectory.check(path: output.output, force: output.force, inputs: inputs)
    }
    let tokenizer = try Tokenizer(contentsOf: tokenizer)
    let texts = try TokenizedCorpus(
      documents.corpus(corpus), name: "the corpus", tokenizer: tokenizer,
      split: heldOut > 0 ? HeldOutSplit(fraction: heldOut) : nil, progress: console.progress)
    if dryRun {
      let job = try Pretraining(tokenizer: tokenizer, corpus: texts, options: options)
      show(job, console)
      return
    }
    var directory = try RunDirectory(
      path: output.output, force: output.force, resume: resume, inputs: inputs)
    let job = try Pretraining(
      tokenizer: tokenizer, corpus: texts, options: options, resuming: directory.record)
    if !common.json { show(job, console) }
    let result = try job.run(
      in: &directory, progress: console.progress, onResume: console.sayResumed)
    guard let result else { exitInterrupted(console, directory: output.output) }
    console.finishProgress()
    if common.json {
      console.printJSON(result.record)
    } else {
      show(result, console)
    }
  }

  /// The job's options.
  private var options: PretrainingOptions {
    var options = PretrainingOptions(budget: budget.budget ?? .steps(1))
    options.size = size
    if let context = step.context { options.contextLength = context }
    options.batchTokenCount = step.batchTokens
    options.learningRate = step.learningRate
    options.curve = schedule
    options.warmupStepCount = step.warmup
    options.elementType = precision.elementType
    options.seed = seed.seed
    return options
  }

  /// Prints the plan.
  private func show(_ job: Pretraining, _ console: Console) {
    if common.json {
      console.printJSON(job.record)
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
      \(groupDigits(tokens)) tokens in all, \(fixed(job.data.epochs(after: job.plan.steps)[0], 2)) \
      passes over the corpus, learning rate \(brief(job.plan.schedule.peak))
      """)
    if let speed = job.plannedTokensPerSecond {
      console.say(
        "speed: \(groupDigits(Int(speed))) tokens/s, about \(formatDuration(Double(tokens) / speed))"
      )
    }
  }

  /// Prints the result.
  private func show(_ result: PretrainingResult, _ console: Console) {
    let score = result.score.map { "\(fixed($0.bitsPerByte, 4)) bits per byte" } ?? "not measured"
    console.say(
      """
      trained on \(groupDigits(result.outcome.tokens)) tokens; this call took \
      \(formatDuration(result.outcome.seconds)), \
      \(groupDigits(Int(result.outcome.tokensPerSecond))) tokens/s
      held-out documents: \(score)
      next: tessera generate --model \(output.output) --prompt "Once"
      """)
  }
}
