import ArgumentParser
import TesseraBasics
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

      extension.json and the base are enough to make the same model again (--delta), and the model is \
      enough to make its base again (restore).

      Example:
        tessera extend --model models/base-en --corpus corpora-samples/hi \\
          --paragraphs --new-tokens 300 --output extended-hi
        tessera extend --model models/base-en --delta extended-hi/extension.json \\
          --output extended-hi-again
      """)

  @Option(help: "The model directory to extend.", completion: .directory)
  var model: String

  @OptionGroup(title: "Choosing tokens") var selection: SelectionArguments
  @OptionGroup(title: "Reading text") var documents: DocumentOptions
  @OptionGroup(title: "Making rows") var initialization: InitializationArguments

  @Option(
    help: """
      The extension.json of an extension of the same model, which is made again, byte for byte and without \
      its corpus.
      """,
    completion: .file())
  var delta: String?

  @Flag(
    help: "Print what would be added, a table of other sizes included, and stop.")
  var dryRun = false

  @Option(
    name: [.customShort("o"), .long], help: "The model directory to make.", completion: .directory)
  var output: String?

  @Flag(help: "Replace the output if it exists and Tessera wrote it.")
  var force = false

  @OptionGroup var common: CommonOptions

  mutating func validate() throws {
    if delta != nil {
      let given = [
        selection.givenOption, documents.givenOption, initialization.givenOption,
      ].compactMap { $0 }
      if let option = given.first {
        throw ValidationError("\(option) is what --delta says already")
      }
    } else if selection.corpus.isEmpty && selection.language.isEmpty {
      throw ValidationError("give --corpus, --language or --delta")
    }
    if output == nil && !dryRun { throw ValidationError("give --output, or --dry-run") }
    if let output { try OutputOptions.checkFolder(output) }
  }

  func run() throws {
    let console = common.start()
    Interruption.install()
    try namingCorpus(selection.languages.flatMap(\.paths)) { try extend(console) }
  }

  private func extend(_ console: Console) throws {
    let inputs = [model] + selection.paths + (delta.map { [$0] } ?? [])
    if let output { try OutputDirectory.check(path: output, force: force, inputs: inputs) }
    let corpora = delta == nil ? try selection.corpora(documents) : nil
    console.warnIfUnfinished(model)
    let base = try BaseModel(directory: model)
    let plan: VocabularyExtension
    var report: SelectionReport?
    var table: SizeTable?
    if let corpora {
      var options = try selection.options()
      if dryRun { options.surveyFactor = 2 }
      let chosen = try TokenSelection(
        base: base.tokenizer, corpora: corpora.languages, protected: corpora.protected,
        options: options, firstID: base.firstNewID(padding: initialization.padding),
        progress: console.progress)
      plan = try VocabularyExtension(
        of: base, tokens: chosen.tokens, options: initialization.options)
      report = SelectionReport(selection: chosen, options: options)
      if dryRun { table = SizeTable(plan, chosen) }
    } else {
      plan = try ExtensionDelta(contentsOf: delta ?? "").vocabularyExtension(of: base)
    }
    console.finishProgress()
    if !common.json || !dryRun { show(plan, report, table, console) }
    guard !dryRun, let output else {
      if common.json { try console.printJSON(.object(record(plan, report, table))) }
      return
    }
    let directory = try OutputDirectory(path: output, force: force, inputs: inputs)
    let result = try plan.write(
      intoStaging: directory.stagingPath, progress: console.progress)
    try RunConfiguration.current.write(to: directory.stagingPath)
    try directory.commit()
    console.finishProgress()
    if common.json {
      try console.printJSON(.object(record(plan, report, nil, result)))
    } else {
      show(result, output, console)
    }
  }

  /// Prints what will be added.
  private func show(
    _ plan: VocabularyExtension, _ report: SelectionReport?, _ table: SizeTable?,
    _ console: Console
  ) {
    for line in report?.lines ?? [] { console.say(line) }
    console.say(
      """
      new tokens: \(groupDigits(plan.tokens.count)), IDs \(plan.tokens.firstID) to \
      \(plan.layout.newRows.upperBound - 1); rows \(groupDigits(plan.layout.baseRowCount)) -> \
      \(groupDigits(plan.layout.rowCount)), \(formatAmount(Double(plan.growth.size), unit: "B")) more
      """)
    if let table { console.say(String(table.text.dropLast())) }
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
    _ plan: VocabularyExtension, _ selection: SelectionReport?, _ table: SizeTable?,
    _ report: ExtensionReport? = nil
  ) -> JSONObject {
    var result = JSONObject()
    result["new_token_count"] = JSONValue(plan.tokens.count)
    result["first_id"] = JSONValue(plan.tokens.firstID)
    result["base_row_count"] = JSONValue(plan.layout.baseRowCount)
    result["row_count"] = JSONValue(plan.layout.rowCount)
    result["added_bytes"] = JSONValue(plan.growth.size)
    selection?.add(to: &result)
    if let table { result["sizes"] = table.json }
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
