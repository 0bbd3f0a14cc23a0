import ArgumentParser
import TesseraBasics
import TesseraTraining
import TesseraVocabulary

/// `tessera adapt --model DIR --corpus FILE... --output DIR`: the whole job.
struct AdaptCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "adapt",
    abstract: "Teach a model a new language.",
    discussion: """
      Extends the vocabulary with tokens of the corpus, trains (the new rows first, then everything, \
      with replay of the old language in every batch), and keeps the weights that predict held-out \
      text of the corpus best without forgetting more than --max-forget. Leaves a directory that \
      transformers loads, with report.json, metrics.jsonl, MODEL_CARD.md and state/.

      Interrupt it with Ctrl-C: it saves its state, and --resume goes on to the same bits.

      Example: tessera adapt --model models/base-en --corpus corpora-samples/hi --replay \
      corpora-samples/en --paragraphs --output adapted-hi
      """)

  @Option(help: "The base model's directory.", completion: .directory)
  var model: String

  @Option(
    parsing: .upToNextOption, help: "Files or folders of text in the new language.",
    completion: .file())
  var corpus: [String]

  @Option(
    parsing: .upToNextOption,
    help: "Files or folders of text in the model's own language, trained on along with the corpus.",
    completion: .file())
  var replay: [String] = []

  @Flag(help: "Train without text of the model's own language; it will be forgotten.")
  var noReplay = false

  @Option(help: "What tables call the new language. (default: the corpus' last path component)")
  var name: String?

  @OptionGroup var documents: DocumentOptions

  @Option(
    help:
      "Tokens to add; 0 adds none. (default: one for every \(AdaptationOptions.bytesPerNewToken) bytes, at most 8192)"
  )
  var newTokens: Int?

  @Option(
    name: .customLong("init"),
    help:
      "How new rows are made: \(InitializationMethod.allCases.map(\.rawValue).joined(separator: ", "))."
  )
  var initialization = InitializationMethod.subwordMean

  @OptionGroup var budget: BudgetOptions
  @OptionGroup var step: StepOptions

  @Option(
    help:
      "The learning rate's curve: \(ScheduleCurve.allCases.map(\.rawValue).joined(separator: ", "))."
  )
  var schedule = ScheduleCurve.cosine

  @Option(help: "Share of every batch that is replay, as a fraction.")
  var replayShare = AdaptationOptions().replayShare

  @Option(help: "Bits per byte that the replayed language may lose.")
  var maxForget = AdaptationOptions().maximumForgetting

  @Option(help: "Share of each corpus that is held out, as a fraction.")
  var heldOut = AdaptationOptions().heldOutShare

  @Flag(help: "Continue the run in the output folder.")
  var resume = false

  @Flag(help: "Print the plan and stop.")
  var dryRun = false

  @OptionGroup var seed: SeedOption
  @OptionGroup var output: OutputOptions
  @OptionGroup var common: CommonOptions

  mutating func validate() throws {
    if noReplay != replay.isEmpty {
      throw ValidationError("give --replay with text of the model's own language, or --no-replay")
    }
    if let newTokens, !(0...1 << 20).contains(newTokens) {
      throw ValidationError("--new-tokens must be between 0 and 1048576, not \(newTokens)")
    }
    if !(0..<1).contains(replayShare) {
      throw ValidationError("--replay-share must be from 0 to below 1, not \(replayShare)")
    }
    if !(maxForget >= 0) { throw ValidationError("--max-forget must not be negative") }
    if !(heldOut > 0 && heldOut <= 0.5) {
      throw ValidationError("--held-out must be above 0 and at most 0.5, not \(heldOut)")
    }
    if resume && output.force { throw ValidationError("--resume and --force exclude each other") }
  }

  func run() throws {
    let console = common.start()
    Interruption.install()
    let job = try AdaptationJob(self)
    if dryRun {
      let plan = try job.plan(console)
      if common.json { console.printJSON(plan.record) }
      return
    }
    guard let report = try job.run(console) else {
      exitInterrupted(console, directory: output.output)
    }
    console.finishProgress()
    if common.json {
      console.printJSON(report.record)
    } else {
      writeToStandardOutput(report.table)
      show(report, console)
    }
  }

  /// What the library is to do.
  var options: AdaptationOptions {
    var options = AdaptationOptions()
    options.budget = budget.budget
    options.batchTokenCount = step.batchTokens
    options.sequenceLength = step.context
    options.learningRate = step.learningRate
    options.curve = schedule
    options.warmupStepCount = step.warmup
    options.replayShare = noReplay ? 0 : replayShare
    options.heldOutShare = heldOut
    options.maximumForgetting = maxForget
    options.seed = seed.seed
    return options
  }

  /// Prints what the table does not say.
  private func show(_ report: AdaptationReport, _ console: Console) {
    if !report.training.keepsLimit {
      console.say(
        "warning: no weights kept within --max-forget \(brief(maxForget)); a larger --replay-share "
          + "or a smaller --lr forgets less")
    }
    console.say(
      "next: tessera generate --model \(output.output) --prompt TEXT")
  }
}
