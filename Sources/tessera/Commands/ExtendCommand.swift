import ArgumentParser
import TesseraBasics
import TesseraCheckpoints
import TesseraCorpora
import TesseraTokenizers
import TesseraVocabulary

/// `tessera extend --model DIR --corpus FILE... --new-tokens N --output DIR`: a model with new tokens.
struct ExtendCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "extend",
    abstract: "Add tokens for a new language to a model.",
    discussion: """
      Learns new merges on top of the model's own, gives the new tokens their rows in the embedding \
      and the head, and writes a complete model directory: old rows and all other tensors are those \
      of the base, and so are all other files but those that hold the old vocabulary in another \
      form or tell of the run that made the base, which are left out; README.md, the base's model \
      card, becomes BASE_README.md, and its BASE_README.md BASE_BASE_README.md. extension.json says \
      for every new token where its row is from, configuration.yaml how this call can be repeated.

      The methods wechsel, focus and ofa go by vectors of words, which are read (--vectors, \
      --source-vectors) or learned from the corpus and --source-corpus.

      Example:
        tessera extend --model models/base-en --corpus corpora-samples/hi \\
          --paragraphs --new-tokens 300 --output extended-hi
      """)

  @Option(help: "The model directory to extend.", completion: .directory)
  var model: String

  @Option(
    parsing: .upToNextOption,
    help: "Files or folders of text in the new language, - for standard input.",
    completion: .file())
  var corpus: [String]

  @OptionGroup var documents: DocumentOptions

  @Option(help: "How many tokens to add.")
  var newTokens: Int

  @Option(help: "A pair must stand this often in the corpus to become a token.")
  var minFrequency = 2

  @Option(help: "The longest new token, in bytes. (default: no limit)")
  var maxTokenLength: Int?

  @Option(
    name: .customLong("init"),
    help: "How new rows are made: \(Self.names(InitializationMethod.allCases)).")
  var inputMethod = InitializationMethod.subwordMean

  @Option(
    name: .customLong("output-init"),
    help: "The same for the head's rows, if the model has a head of its own. (default: as --init)")
  var outputMethod: InitializationMethod?

  @OptionGroup var vectors: VectorOptions

  @Option(
    help: """
      Rows of the base that no token uses: \(Self.names(PaddingPolicy.allCases)). Kept, new tokens \
      come after them; reused, new tokens take their places first.
      """)
  var padding = ExtensionOptions().padding

  @Option(help: "Make the number of rows a multiple of this.")
  var padToMultiple = 1

  @Flag(help: "Print what would be added, and stop.")
  var dryRun = false

  @OptionGroup var seed: SeedOption
  @Option(
    name: [.customShort("o"), .long], help: "The model directory to make.", completion: .directory)
  var output: String?

  @Flag(help: "Replace the output if it exists and Tessera wrote it.")
  var force = false

  @OptionGroup var common: CommonOptions

  private static func names<Value: RawRepresentable<String>>(_ values: [Value]) -> String {
    values.map(\.rawValue).joined(separator: ", ")
  }

  mutating func validate() throws {
    try checkRange("--new-tokens", newTokens, 1...TokenSelectionOptions.newTokenLimit)
    try checkRange("--min-frequency", minFrequency, 1...Int.max)
    try checkRange("--max-token-length", maxTokenLength, 2...Int.max)
    try checkRange("--pad-to-multiple", padToMultiple, 1...tokenCountLimit)
    try vectors.check(for: methods)
    if output == nil && !dryRun { throw ValidationError("give --output, or --dry-run") }
    if let output { try OutputOptions.checkFolder(output) }
  }

  private var methods: [InitializationMethod] {
    [inputMethod] + (outputMethod.map { [$0] } ?? [])
  }

  func run() throws {
    let console = common.start()
    Interruption.install()
    try namingCorpus(corpus) { try extend(console) }
  }

  private func extend(_ console: Console) throws {
    let inputs = [model] + corpus + vectors.inputs
    if let output { try OutputDirectory.check(path: output, force: force, inputs: inputs) }
    try checkFactors(inputs: inputs)
    try vectors.checkFiles()
    let corpora = try documents.corpora(
      [corpus] + (vectors.sourceCorpus.isEmpty ? [] : [vectors.sourceCorpus]))
    let corpus = corpora[0]
    if methods.contains(where: \.usesVectors), vectors.vectors == nil, corpus.paths.contains("-") {
      throw CommandError.readTwice
    }
    console.warnIfUnfinished(model)
    let base = try BaseModel(directory: model)
    var selectionOptions = TokenSelectionOptions(newTokenCount: newTokens)
    selectionOptions.minimumFrequency = minFrequency
    selectionOptions.maximumTokenLength = maxTokenLength
    let selection = try TokenSelection(
      base: base.tokenizer, corpus: corpus, options: selectionOptions,
      firstID: base.firstNewID(padding: padding), progress: console.progress)
    var options = ExtensionOptions()
    // What would be added does not depend on methods, and a plan need not wait for vectors.
    if !dryRun {
      options.inputMethod = inputMethod
      options.outputMethod = outputMethod
    }
    options.seed = seed.seed
    options.padding = padding
    options.rowMultiple = padToMultiple
    var materials = InitializationInputs()
    if !dryRun {
      let preparation = VectorPreparation(
        options: vectors, methods: methods, target: .corpora([corpus]),
        source: corpora.count > 1 ? .corpora([corpora[1]]) : nil, seed: seed.seed)
      materials = try preparation.inputs(tokenizer: selection.tokenizer, console)
    }
    let plan = try VocabularyExtension(
      of: base, tokens: selection.tokens, options: options, inputs: materials)
    console.finishProgress()
    if !common.json || !dryRun { show(plan, selection, console) }
    guard !dryRun, let output else {
      if common.json { try console.printJSON(.object(record(plan, selection))) }
      return
    }
    let directory = try OutputDirectory(path: output, force: force, inputs: inputs)
    let report = try plan.write(
      intoStaging: directory.stagingPath, progress: console.progress)
    try RunConfiguration.current.write(to: directory.stagingPath)
    try directory.commit()
    try writeFactors(of: base, extended: output)
    console.finishProgress()
    if common.json {
      try console.printJSON(.object(record(plan, selection, report)))
    } else {
      show(report, output, console)
    }
  }

  /// Finds out before a long way whether the factors could be written.
  private func checkFactors(inputs: [String]) throws {
    guard let path = vectors.factors, !dryRun else { return }
    try OutputDirectory.checkInputs(inputs, of: path)
    if !force, Path.exists(path) { throw FileError.exists(path: path) }
    if Path.isDirectory(path) { throw FileError.notRegularFile(path: path) }
    let folder = Path.directory(of: path)
    if !Path.isDirectory(folder) { throw FileError.notDirectory(path: folder) }
  }

  /// Writes the new matrices as coordinates and primitives.
  private func writeFactors(of base: BaseModel, extended output: String) throws {
    guard let path = vectors.factors, let rank = vectors.factorize else { return }
    let old = base.matrices
    let new = try Checkpoint(directory: output).tokenMatrices()
    var pairs = [(MatrixRole.input, old.embedding, new.embedding)]
    if !old.tied, let head = old.head, let newHead = new.head {
      pairs.append((.output, head, newHead))
    }
    try FactoredMatrix.write(
      pairs.map { role, matrix, extended in
        FactoredMatrix(
          role: role,
          factors: try MatrixFactorization(of: matrix, rows: base.tokenRows, rank: rank),
          matrix: extended)
      }, to: path)
  }

  /// Prints what will be added.
  private func show(_ plan: VocabularyExtension, _ selection: TokenSelection, _ console: Console) {
    let found = plan.tokens.count
    if found < newTokens {
      console.say(
        "the corpus has only \(groupDigits(found)) tokens to add that stand \(minFrequency) times "
          + "or more")
    }
    console.say(
      """
      corpus: \(formatAmount(Double(selection.byteCount), unit: "B")), \
      \(fixed(selection.baseBytesPerToken, 2)) bytes per token before, \
      \(fixed(selection.extendedBytesPerToken, 2)) after
      new tokens: \(groupDigits(found)), IDs \(plan.tokens.firstID) to \
      \(plan.layout.newRows.upperBound - 1); rows \(groupDigits(plan.layout.baseRowCount)) -> \
      \(groupDigits(plan.layout.rowCount)), \(formatAmount(Double(plan.addedSize), unit: "B")) more
      """)
    let samples = Self.samples(of: plan.tokens)
    if !samples.isEmpty { console.say("such as \(samples.joined(separator: " "))") }
  }

  /// The first new tokens that are whole characters, and more than one.
  private static func samples(of tokens: NewTokens) -> [String] {
    var samples: [String] = []
    for i in 0..<tokens.count where samples.count < 8 {
      if let text = String(validating: tokens.bytes(of: i), as: UTF8.self),
        text.count(where: { !$0.isWhitespace }) > 1
      {
        samples.append("\"\(text)\"")
      }
    }
    return samples
  }

  /// Prints what was done.
  private func show(_ report: ExtensionReport, _ output: String, _ console: Console) {
    for matrix in report.matrices {
      console.say(
        "\(report.tied ? "tied" : matrix.role.rawValue) rows: \(matrix.method.rawValue), mean norm "
          + "\(fixed(matrix.newNorms.mean, 4)), base \(fixed(matrix.baseMeanNorm, 4))")
    }
    if !report.leftOut.isEmpty {
      console.say(
        "left out (the old vocabulary, a run's records, or no files): "
          + report.leftOut.joined(separator: ", "))
    }
    console.say(
      """
      audited: old rows, tensors, tokenizer and configuration agree
      wrote \(output)
      next: tessera evaluate --model \(output) --corpus NAME=FILE
      """)
  }

  /// The result for programs.
  private func record(
    _ plan: VocabularyExtension, _ selection: TokenSelection, _ report: ExtensionReport? = nil
  ) -> JSONObject {
    var result = JSONObject()
    result["new_token_count"] = JSONValue(plan.tokens.count)
    result["first_id"] = JSONValue(plan.tokens.firstID)
    result["base_row_count"] = JSONValue(plan.layout.baseRowCount)
    result["row_count"] = JSONValue(plan.layout.rowCount)
    result["added_bytes"] = JSONValue(plan.addedSize)
    result["corpus_bytes"] = JSONValue(selection.byteCount)
    result["base_bytes_per_token"] = JSONValue(selection.baseBytesPerToken)
    result["extended_bytes_per_token"] = JSONValue(selection.extendedBytesPerToken)
    guard let report, let output else { return result }
    result["directory"] = .string(output)
    result["tied"] = .bool(report.tied)
    for matrix in report.matrices {
      var entry = JSONObject()
      entry["tensor"] = .string(matrix.tensor)
      entry["method"] = .string(matrix.method.rawValue)
      entry["base_mean_norm"] = JSONValue(matrix.baseMeanNorm)
      entry["new_mean_norm"] = JSONValue(matrix.newNorms.mean)
      result[matrix.role.rawValue] = .object(entry)
    }
    result["carried_over"] = .array(report.carriedOver.map { .string($0) })
    result["left_out"] = .array(report.leftOut.map { .string($0) })
    return result
  }
}
