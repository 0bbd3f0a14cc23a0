import ArgumentParser
import TesseraBasics
import TesseraCheckpoints
import TesseraCorpora
import TesseraTokenizers
import TesseraVocabulary

/// `tessera trim --tokenizer PATH --corpus FILE… --vocab-size N --output DIR`: fewer tokens.
struct TrimCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trim",
    abstract: "Remove tokens that a corpus needs least.",
    discussion: """
      Removes tokens that are part of no other token's merge, one after another: the one that \
      occurs least often in the corpus, counting what removed tokens have left to their parts; or, \
      with --last, the one whose merge is the last. A text without removed tokens keeps its tokens, \
      and none becomes unreachable. Bytes, added tokens and what --keep lists stay. IDs are \
      numbered anew in the old order; trimming.json has the new ID of each old one. With --model \
      the embedding and the head lose the rows, a bias of the head its elements, and the IDs of the \
      configuration change with them. --dry-run shows the first and the last tokens that would go, in \
      their order; with --json all of them, as trimming.json has them.

      Example:
        tessera trim --model models/base-en --corpus corpora-samples/en \\
          --vocab-size 6000 --output trimmed-en
      """)

  @Option(
    help: "The tokenizer to trim: a folder or file of any format that convert reads.",
    completion: .file())
  var tokenizer: String?

  @Option(help: "A model directory to trim, instead of a tokenizer alone.", completion: .directory)
  var model: String?

  @OptionGroup var tensors: TokenTensorOptions

  @Option(
    help: "How text is split, for a rank file or a vocab.json that does not say it.",
    transform: PreTokenizerPattern.parse)
  var pattern: PreTokenizerPattern?

  @Option(
    parsing: .upToNextOption,
    help: "Files or folders of text that is to stay short, - for standard input.",
    completion: .file())
  var corpus: [String] = []

  @Flag(help: "Remove what was learned last, instead of what a corpus needs least.")
  var last = false

  @Option(help: "Tokens that are left in all, bytes and added tokens among them.")
  var vocabSize: Int

  @Option(
    help: """
      A file of tokens that stay, one a line: as text, or as a JSON string in quotes where it has \
      line feeds.
      """,
    completion: .file())
  var keep: String?

  @Flag(help: "Print what would be removed, and stop.")
  var dryRun = false

  @Option(
    name: [.customShort("o"), .long], help: "The folder to make.", completion: .directory)
  var output: String?

  @Flag(help: "Replace the output if it exists and Tessera wrote it.")
  var force = false

  @OptionGroup var documents: DocumentOptions
  @OptionGroup var common: CommonOptions

  mutating func validate() throws {
    if (tokenizer == nil) == (model == nil) {
      throw ValidationError("give either --tokenizer or --model")
    }
    if model != nil, pattern != nil {
      throw ValidationError("--model and --pattern exclude each other")
    }
    if model == nil, tensors.names != TokenTensorNames() {
      throw ValidationError("--embedding-tensor and --head-tensor need --model")
    }
    if last != corpus.isEmpty { throw ValidationError("give either --corpus or --last") }
    if last, let option = documents.givenOption {
      throw ValidationError("--last and \(option) exclude each other")
    }
    try checkRange("--vocab-size", vocabSize, 1...Int(TokenTable.maximumID))
    if output == nil && !dryRun { throw ValidationError("give --output, or --dry-run") }
    if let output { try OutputOptions.checkFolder(output) }
  }

  func run() throws {
    let console = common.start()
    Interruption.install()
    let inputs = [tokenizer ?? model ?? ""] + corpus + (keep.map { [$0] } ?? [])
    if let output { try OutputDirectory.check(path: output, force: force, inputs: inputs) }
    let corpus = self.corpus.isEmpty ? nil : try documents.corpus(self.corpus)
    let base = try model.map { try BaseModel(directory: $0, names: tensors.names) }
    let tokenizer =
      try base?.tokenizer ?? Tokenizer(contentsOf: self.tokenizer ?? "", pattern: pattern)
    var options = TrimmingOptions(vocabularySize: vocabSize)
    options.order = last ? .latest : .frequency
    if let keep { options.keptIDs = try TokenList.ids(in: keep, tokenizer) }
    if let base {
      options.keptIDs.formUnion(try ModelTrimming.namedIDs(of: base))
      try ModelTrimming.checkTensors(of: base)
    }
    // What cannot be done is said before the corpus is read.
    try TokenizerTrimming.check(tokenizer, options)
    let before = try corpus.map { corpus in
      let found = try tokenizer.measurement(of: corpus, progress: console.progress)
      if found.tokenCount == 0 { throw CommandError.emptyCorpus(paths: self.corpus) }
      return found
    }
    let trimming = try console.during("trimming") {
      try TokenizerTrimming(
        of: tokenizer,
        frequencies: before?.frequencies
          ?? [UInt64](repeating: 0, count: tokenizer.vocabularySize),
        options: options)
    }
    try Interrupted.check()
    var after: TokenizerMeasurement?
    if let corpus, !self.corpus.contains("-") {
      after = try trimming.tokenizer.measurement(of: corpus, progress: console.progress)
    }
    let result = TrimmingReport(
      base: tokenizer, trimming, before: before, after: after, isDryRun: dryRun)
    console.finishProgress()
    guard !dryRun, let output else {
      // What would be removed is the result.
      if common.json {
        try console.printJSON(.object(result.json))
      } else {
        try writeToStandardOutput(result.text + "\n")
      }
      return
    }
    if !common.json { console.say(result.text) }
    let leftOut = try write(trimming, base, tokenizer, options.order, to: output, inputs, console)
    console.finishProgress()
    if common.json {
      var json = result.json
      json["output"] = .string(output)
      json["left_out"] = .array(leftOut.map(JSONValue.string))
      try console.printJSON(.object(json))
    } else {
      if !leftOut.isEmpty {
        console.say(
          "left out (the old vocabulary, or a run's records): \(leftOut.joined(separator: ", "))")
      }
      console.say("wrote \(output)")
    }
  }

  /// Writes the folder, and returns what was left out of it.
  private func write(
    _ trimming: TokenizerTrimming, _ base: BaseModel?, _ tokenizer: Tokenizer,
    _ order: TrimmingOrder, to output: String, _ inputs: [String], _ console: Console
  ) throws -> [String] {
    let directory = try OutputDirectory(path: output, force: force, inputs: inputs)
    let staging = directory.stagingPath
    var leftOut: [String] = []
    if let base {
      leftOut = try ModelTrimming(of: base, by: trimming)
        .write(intoStaging: staging, progress: console.progress).leftOut
    } else {
      try trimming.tokenizer.write(toDirectory: staging)
    }
    try writeFile(
      Path.join(staging, TokenizerTrimming.recordName),
      trimming.record(base: tokenizer, order: order))
    try RunConfiguration.current.write(to: staging)
    try Interrupted.check()
    try directory.commit()
    return leftOut
  }
}
