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

  @OptionGroup var training: RunArguments

  @Option(help: "Format of the stored weights: f32, bf16, f16.")
  var dtype = StoredPrecision.bf16

  @Flag(help: "Print the plan and stop.")
  var dryRun = false

  @OptionGroup var seed: SeedOption
  @OptionGroup var output: OutputOptions
  @OptionGroup var common: CommonOptions

  mutating func validate() throws { try training.check(force: output.force) }

  func run() throws {
    let console = common.start()
    Interruption.install()
    try training.masking.check(for: family == .llama ? .nextToken : .maskedTokens)
    let (corpus, data, masking) = (training.corpus, training.data, training.masking)
    let named = try corpus.named()
    let inputs = [tokenizer] + named.flatMap(\.paths) + masking.paths
    try output.checkRun(
      resume: training.saving.resume, inputs: inputs, except: SavingArguments.free)
    let opened = try corpus.opened(named, data, masking)
    let path = tokenizer
    let tokenizer = try Tokenizer(contentsOf: path)
    if tokenizer.endOfText == nil { throw CommandError.noEndOfText(tokenizer: path) }
    do throws(TokenizerError) {
      try tokenizer.checkExpressible(in: .huggingFace)
    } catch {
      guard case .notExpressible(_, let part, _) = error else { throw error }
      throw CommandError.notForModels(tokenizer: path, part: part)
    }
    let options = try makeOptions(sources: named.map(\.name) + masking.sourceNames)
    let job = PretrainingJob(
      beginning: nil, tokenizer: tokenizer,
      sources: try corpus.tokens(
        of: opened, by: tokenizer, data, masking, options: options, console),
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
    options.size = size
    options.family = family
    options.elementType = dtype.elementType
    options.seed = seed.seed
    return options
  }
}
