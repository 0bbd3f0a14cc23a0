import ArgumentParser
import TesseraBasics
import TesseraModels
import TesseraTokenizers
import TesseraTraining

/// `tessera continue --run DIR --corpus FILE... --output DIR`: a new run with what another has learned.
struct ContinueCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "continue",
    abstract: "Train on from another run's weights and moments.",
    discussion: """
      Begins a new run with the weights of the last step of another, in full precision, and with all that \
      its optimizer remembers; corpus, number of steps, schedule and what trains are new. Leaves what \
      `tessera pretrain` does.

      Three ways to go on, and which one it was is `kind` in run.json and in the report: --resume ends \
      a run that was stopped, and gives its bits; `tessera continue` begins a new run with weights and \
      moments; `tessera adapt` begins with the weights of a model alone.

      RUN is a folder that pretrain, continue or adapt has left when it was done. The optimizer and its \
      precision must be RUN's, since moments fit no other. What did not move in RUN begins without moments, \
      and of what no longer moves they are left out. --corpus NAME=PATH ... makes several sources, as in \
      `tessera pretrain`.

      Example:
        tessera continue --run base-tiny --corpus corpora-samples/sw --paragraphs \\
          --minutes 2 --output base-tiny-sw
      """)

  @Option(
    name: .customLong("run"), help: "The folder of the run to begin with.", completion: .directory)
  var folder: String

  @Flag(
    help: """
      Keep the place in the learning rate's curve: it counts the steps of both runs, and goes on where RUN \
      stopped, instead of beginning anew.
      """)
  var keepSchedule = false

  @OptionGroup var training: RunArguments

  @Option(help: "Format of the stored weights: f32, bf16, f16. (default: that of RUN's model)")
  var dtype: StoredPrecision?

  @Flag(help: "Print the plan and stop.")
  var dryRun = false

  @OptionGroup var seed: SeedOption
  @OptionGroup var output: OutputOptions
  @OptionGroup var common: CommonOptions

  mutating func validate() throws { try training.check(force: output.force) }

  func run() throws {
    let console = common.start()
    Interruption.install()
    let (corpus, data, masking) = (training.corpus, training.data, training.masking)
    let named = try corpus.named()
    let inputs = [folder] + named.flatMap(\.paths) + masking.paths
    try output.checkRun(
      resume: training.saving.resume, inputs: inputs, except: SavingArguments.free)
    let opened = try corpus.opened(named, data, masking)
    let beginning = try console.during("loading \(folder)") {
      try RunBeginning(contentsOf: folder)
    }
    try masking.check(for: beginning.configuration.objective)
    if beginning.tokenizer.endOfText == nil { throw CommandError.noEndOfText(tokenizer: folder) }
    let options = try makeOptions(sources: named.map(\.name) + masking.sourceNames)
    let job = PretrainingJob(
      beginning: beginning, tokenizer: beginning.tokenizer,
      sources: try corpus.tokens(
        of: opened, by: beginning.tokenizer, data, masking, options: options, console),
      options: options, isTimed: training.budget.minutes != nil, output: output, inputs: inputs,
      isJSON: common.json)
    if dryRun {
      try job.plan(console)
    } else {
      try job.run(resume: training.saving.resume, console)
    }
  }

  /// The job's options.
  private func makeOptions(sources: [String]) throws -> PretrainingOptions {
    var options = try training.options(sources: sources)
    options.keepsSchedule = keepSchedule
    options.elementType = dtype?.elementType
    options.seed = seed.seed
    return options
  }
}
