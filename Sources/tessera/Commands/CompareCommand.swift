import ArgumentParser
import TesseraBasics
import TesseraTraining
import TesseraVocabulary

/// `tessera compare --model DIR --corpus FILE... --output DIR`: methods of initialization side by side.
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Compare methods of making new rows on a model and a corpus.",
    discussion: """
      Extends the model with the same new tokens by one method after the other, trains each in memory \
      as adapt would, on the same batches, and scores the same held-out bytes before the first step \
      and after the steps of --at. All of it is repeated with several seeds, of noise and of the order \
      of data. The table has the method with the fewest bits per byte at the last step first; what a \
      model scores before any training says little about what it will learn. Methods that need more \
      than the model and the corpus, or learn something first, take part only if --init names them; \
      the one that extend and adapt take by default always does.

      Leaves comparison.json and comparison.txt. Interrupt it with Ctrl-C: what was measured is kept, \
      and --resume goes on with the rest, also with methods or seeds on top of those there.

      Example:
        tessera compare --model models/base-en --corpus corpora-samples/hi --paragraphs \\
          --replay corpora-samples/en --init subword-mean,mean,random --steps 100 \\
          --output compared-hi
      """)

  @Option(help: "The base model's directory.", completion: .directory)
  var model: String

  @OptionGroup var languages: LanguageOptions

  @Option(
    help: """
      Tokens to add. (default: one for every \(AdaptationOptions.bytesPerNewToken) bytes, at most \
      8192)
      """)
  var newTokens: Int?

  @Option(
    name: .customLong("init"),
    help: ArgumentHelp(
      """
      The methods, with commas between them. (default: that of extend, and all that need nothing but the \
      model and the corpus)
      """, valueName: "method,method"))
  var methods: MethodList?

  @OptionGroup var given: InitializationSources

  @Option(help: "Train for this many steps.")
  var steps = 300

  @Option(help: "Score after these steps as well, with commas between them. (default: 50)")
  var at: StepList?

  @Option(help: "How many seeds.")
  var seeds = 3

  @OptionGroup var step: StepOptions
  @OptionGroup var adapters: AdapterArguments

  @Option(help: "Share of every batch that is replay, as a fraction.")
  var replayShare = AdaptationOptions().replayShare

  @Flag(help: "Continue the run in the output folder.")
  var resume = false

  @OptionGroup var output: OutputOptions
  @OptionGroup var common: CommonOptions

  mutating func validate() throws {
    try given.check(for: methods?.methods, byDefault: [.distill])
    try checkRange("--new-tokens", newTokens, 1...TokenSelectionOptions.newTokenLimit)
    try checkRange("--steps", steps, 1...BudgetOptions.maximumSteps)
    try checkRange("--seeds", seeds, 1...1_000)
    if let late = at?.steps.first(where: { $0 > steps }) {
      throw ValidationError("--at has step \(late), and there are \(steps)")
    }
    if !(0...AdaptCommand.maximumReplayShare).contains(replayShare) {
      throw ValidationError(
        "--replay-share must be between 0 and \(AdaptCommand.maximumReplayShare), not \(replayShare)"
      )
    }
    if resume && output.force { throw ValidationError("--resume and --force exclude each other") }
  }

  func run() throws {
    let console = common.start()
    Interruption.install()
    let job = try ComparisonJob(self, console)
    guard let report = try job.run(console) else {
      throw Interrupted(resumableFolder: output.output)
    }
    console.finishProgress()
    if common.json {
      try console.printJSON(report.record)
    } else {
      try writeToStandardOutput(report.table)
    }
  }

  /// The steps to score after, besides the first and the last one.
  var scoredSteps: [Int] { at?.steps ?? [50].filter { $0 < steps } }

  /// How each model is trained, with a seed.
  func options(seed: Int) -> AdaptationOptions {
    var options = AdaptationOptions()
    options.budget = .steps(steps)
    options.batchTokenCount = step.batchTokens
    options.sequenceLength = step.context
    options.learningRate = step.learningRate
    options.precision = step.precision
    options.recomputesActivations = step.recompute
    options.adapters = adapters.options
    options.schedule.warmup = step.warmup
    options.replayShare = languages.noReplay ? 0 : replayShare
    options.heldOutShare = languages.heldOut
    options.seed = UInt64(seed)
    return options
  }
}

/// Methods of initialization with commas between them.
struct MethodList: ExpressibleByArgument {
  let methods: [InitializationMethod]

  init?(argument: String) {
    var methods: [InitializationMethod] = []
    for name in argument.split(separator: ",", omittingEmptySubsequences: false) {
      guard let method = InitializationMethod(rawValue: String(name)), !methods.contains(method)
      else { return nil }
      methods.append(method)
    }
    self.methods = methods
  }
}

/// Numbers of steps with commas between them.
struct StepList: ExpressibleByArgument {
  let steps: [Int]

  init?(argument: String) {
    var steps: [Int] = []
    for text in argument.split(separator: ",", omittingEmptySubsequences: false) {
      guard let step = Int(text), step >= 0 else { return nil }
      steps.append(step)
    }
    self.steps = Set(steps).sorted()
  }
}
