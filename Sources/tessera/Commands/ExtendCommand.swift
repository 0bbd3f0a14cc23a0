import ArgumentParser
import TesseraBasics
import TesseraCheckpoints
import TesseraCorpora
import TesseraTokenizers
import TesseraTraining
import TesseraVocabulary

/// `tessera extend --model DIR --corpus FILE... --new-tokens N --output DIR`: a model with new tokens.
struct ExtendCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "extend",
    abstract: "Add tokens for a new language to a model, or replace its tokenizer.",
    discussion: """
      Learns new merges on top of the model's own, gives the new tokens their rows in the embedding \
      and the head, and writes a complete model directory: old rows and all other tensors are those \
      of the base, and so are all other files but those that hold the old vocabulary in another \
      form or tell of the run that made the base, which are left out; README.md, the base's model \
      card, becomes BASE_README.md, and its BASE_README.md BASE_BASE_README.md. extension.json says \
      for every new token where its row is from, configuration.yaml how this call can be repeated.

      The methods distill, contextual, reprogram and corrected-first run the model over the corpus, and \
      learn rows with it: Llama, Mistral, Qwen 2 and 3, SmolLM 3, GPT-2, GPT-NeoX, OLMo 2, Gemma 1 to 3.

      The methods wechsel, focus and ofa go by vectors of words, which are read (--vectors, \
      --source-vectors) or learned from the corpus and --source-corpus.

      With --replace-tokenizer the model gets a tokenizer as it is, with its IDs, added tokens and chat \
      template: rows of tokens that both have go with them, all others are made as those of new tokens. \
      The model has to be trained before it is as good as it was, and nothing of its base is kept.

      extension.json and the base are enough to make the same model again (--delta), with extension/\
      offsets.safetensors beside it where rows were learned, and the model is enough to make its base again \
      (restore).

      Example:
        tessera extend --model models/base-en --corpus corpora-samples/hi \\
          --paragraphs --new-tokens 300 --output extended-hi
        tessera extend --model models/base-en --delta extended-hi/extension.json \\
          --output extended-hi-again
        tessera extend --model models/base-en --replace-tokenizer vocabs/english-32k \\
          --output replaced-en
      """)

  @Option(help: "The model directory to extend.", completion: .directory)
  var model: String

  @OptionGroup var tensors: TokenTensorOptions

  @OptionGroup(title: "Choosing tokens") var selection: SelectionArguments
  @OptionGroup(title: "Replacing the tokenizer") var replacement: ReplacementArguments
  @OptionGroup(title: "Reading text") var documents: DocumentOptions
  @OptionGroup(title: "Making rows") var initialization: InitializationArguments
  @OptionGroup(title: "Placing rows") var placement: PlacementArguments

  @Option(
    help: """
      The extension.json of an extension of the same model, which is made again, byte for byte and without \
      its corpus.
      """,
    completion: .file())
  var delta: String?

  @Option(
    parsing: .upToNextOption,
    help: """
      Text of the model's own language: measure how much of the probability new tokens take there, and \
      leave the figures in certificate.json.
      """, completion: .file())
  var certify: [String] = []

  @Flag(
    help: "Print what would be added, a table of other sizes included, and stop.")
  var dryRun = false

  @OptionGroup var seed: SeedOption

  @Option(
    name: [.customShort("o"), .long], help: "The model directory to make.", completion: .directory)
  var output: String?

  @Flag(help: "Replace the output if it exists and Tessera wrote it.")
  var force = false

  @OptionGroup var common: CommonOptions

  mutating func validate() throws {
    if delta != nil {
      let given = [
        selection.givenOption, certify.isEmpty ? documents.givenOption : nil,
        initialization.givenOption, placement.givenOption, seed.seed == 0 ? nil : "--seed",
      ].compactMap { $0 }
      if let option = given.first {
        throw ValidationError("\(option) is what --delta says already")
      }
    } else if selection.corpus.isEmpty && selection.language.isEmpty
      && replacement.replaceTokenizer == nil
    {
      throw ValidationError("give --corpus, --language, --delta or --replace-tokenizer")
    }
    if replacement.replaceTokenizer != nil {
      try replacement.check(
        against: optionForNewTokens, methods: initialization.askedMethods,
        vectors: initialization.sources.vectors, readsCorpus: !selection.corpus.isEmpty)
    }
    try checkRereading(selection.paths.contains("-"), protected: selection.protect.contains("-"))
    if output == nil && !dryRun { throw ValidationError("give --output, or --dry-run") }
    if let output { try OutputOptions.checkFolder(output) }
  }

  func run() throws {
    let console = common.start()
    Interruption.install()
    try namingCorpus(selection.languages.flatMap(\.paths)) { try extend(console) }
  }

  private func extend(_ console: Console) throws {
    let inputs =
      [model] + selection.paths + initialization.sources.paths + certify
      + [delta, replacement.replaceTokenizer].compactMap { $0 }
    if let output { try OutputDirectory.check(path: output, force: force, inputs: inputs) }
    let delta = delta.map {
      Path.isDirectory($0) ? Path.join($0, VocabularyExtension.recordName) : $0
    }
    if let path = initialization.sources.vectors.factors, !dryRun {
      try OutputFileOptions.check(path, force: force, inputs: inputs)
    }
    if replacement.replaceTokenizer != nil {
      return try replaceTokenizer(inputs, console)
    }
    // Made now, since it may be found that it cannot be made, and rows may take hours.
    var directory: OutputDirectory?
    if let output, !dryRun {
      directory = try OutputDirectory(path: output, force: force, inputs: inputs)
    }
    try initialization.sources.checkFiles(documents)
    let corpora = delta == nil ? try selection.corpora(documents) : nil
    let old = certify.isEmpty ? nil : try documents.corpus(certify)
    console.warnIfUnfinished(model)
    let base = try BaseModel(directory: model, names: tensors.names)
    if delta == nil { try base.checkRows(outputMethod: initialization.outputMethod) }
    let given = try initialization.sources.inputs()
    let certification = try old.map { try Certification($0, model: base) }
    var plan: VocabularyExtension
    let messages: ExtensionMessages
    if let corpora {
      var options = try selection.options()
      if dryRun { options.surveyFactor = 2 }
      let isStream = corpora.languages.contains { $0.corpus.byteCount == nil }
      try checkRereading(
        isStream, protected: corpora.protected.map { $0.byteCount == nil } ?? false)
      try initialization.sources.checkLearning(base, initialization.askedMethods)
      // What would be added does not depend on methods, and a plan need not wait for them.
      let choice =
        dryRun ? nil : try initialization.choice(for: base, hasDocuments: !isStream, console)
      let chosen = try TokenSelection(
        base: base.tokenizer, corpora: corpora.languages, protected: corpora.protected,
        options: options,
        ids: placement.newIDs(of: base, protected: corpora.protected, console),
        progress: console.progress)
      if let protected = corpora.protected, chosen.protectedText?.counts.count == 0 {
        throw CommandError.emptyCorpus(paths: protected.paths)
      }
      plan = try VocabularyExtension(
        of: base, tokens: chosen.tokens, options: extensionOptions(nil))
      messages = ExtensionMessages(
        plan: plan, selection: SelectionReport(selection: chosen, options: options),
        sizes: dryRun ? SizeTable(plan, chosen) : nil)
      console.finishProgress()
      try say(messages, console)
      if let choice {
        try plan.setRows(
          by: extensionOptions(choice),
          from: try evidence(
            choice, base, chosen, corpora.languages.map(\.corpus), adding: given, console))
      }
    } else {
      plan = try ExtensionDelta(contentsOf: delta ?? "").vocabularyExtension(of: base)
      messages = ExtensionMessages(plan: plan, selection: nil, sizes: nil)
      console.finishProgress()
      try say(messages, console)
    }
    guard let output, let directory = directory.take() else { return }
    let result = try plan.write(
      intoStaging: directory.stagingPath, progress: console.progress)
    let certificate = try certification?.write(
      of: plan, result, to: directory.stagingPath, progress: console.progress)
    try RunConfiguration.current.write(to: directory.stagingPath)
    var factors = try writtenFactors(of: plan.base, extended: directory.stagingPath)
    try Interrupted.check()
    try directory.commit()
    // Not before: factors belong to a model that is there.
    try factors.take()?.commit()
    console.finishProgress()
    if common.json {
      try console.printJSON(.object(messages.record(of: result, certificate, in: output)))
    } else {
      messages.say(result, certificate, in: output, console)
    }
  }

  /// Says what will be added, which is the result of a dry run.
  private func say(_ messages: ExtensionMessages, _ console: Console) throws {
    if !dryRun {
      for line in messages.plannedLines { console.say(line) }
    } else if common.json {
      try console.printJSON(.object(messages.record))
    } else {
      try writeToStandardOutput(messages.plannedLines.joined(separator: "\n") + "\n")
    }
  }

  /// The first option that is for new tokens on top of the model's own.
  private var optionForNewTokens: String? {
    var others = selection
    others.corpus = []
    let given: [String?] = [
      delta == nil ? nil : "--delta", others.givenOption,
      selection.corpus.isEmpty && initialization.sources.vectors.sourceCorpus.isEmpty
        ? documents.givenOption : nil,
      certify.isEmpty ? nil : "--certify",
      placement.givenOptionForIDs,
      initialization.sources.vectors.factors == nil ? nil : "--factors",
    ]
    return given.compactMap { $0 }.first
  }

  /// Gives the model another tokenizer.
  private func replaceTokenizer(_ inputs: [String], _ console: Console) throws {
    try initialization.sources.checkFiles(documents)
    let corpus = selection.corpus.isEmpty ? nil : try documents.corpus(selection.corpus)
    console.warnIfUnfinished(model)
    let choice = try initialization.choice(recommended: ExtensionOptions().inputMethod)
    let job = TokenizerReplacement(
      base: try BaseModel(directory: model, names: tensors.names), arguments: replacement,
      options: extensionOptions(choice), evidence: evidenceSources(choice), corpus: corpus)
    try job.run(
      to: dryRun ? nil : output, force: force, inputs: inputs, isJSON: common.json, console)
  }

  /// Refuses to read twice what can be read once only, such as standard input or a pipe.
  ///
  /// - Parameters:
  ///   - isStream: Whether text of the new language is of that kind.
  ///   - protected: Whether protected text is.
  private func checkRereading(_ isStream: Bool, protected: Bool) throws {
    if protected, placement.reserved == .reuse {
      throw ValidationError(
        "--reserved reuse reads protected text twice, which standard input and pipes cannot be")
    }
    if isStream, let method = initialization.askedMethods.first(where: readsCorpusAgain) {
      throw ValidationError(
        "\(method.rawValue) reads the corpus twice, which standard input and pipes cannot be")
    }
  }

  /// How rows are made and placed.
  private func extensionOptions(_ choice: InitializationChoice?) -> ExtensionOptions {
    var options = ExtensionOptions()
    choice?.set(&options)
    options.seed = seed.seed
    placement.set(&options)
    return options
  }

  /// Whether a method needs the corpus after it was counted.
  private func readsCorpusAgain(_ method: InitializationMethod) -> Bool {
    method.needsDocuments
      || (method.usesVectors && initialization.sources.vectors.vectors == nil)
  }

  /// Where what the methods are made from is.
  private func evidenceSources(_ choice: InitializationChoice) -> InitializationEvidence {
    InitializationEvidence(
      sources: initialization.sources, documents: documents, methods: choice.methods,
      seed: seed.seed)
  }

  /// What the methods are made from.
  private func evidence(
    _ choice: InitializationChoice, _ base: BaseModel, _ selection: TokenSelection,
    _ corpora: [Corpus], adding inputs: InitializationInputs, _ console: Console
  ) throws -> InitializationInputs {
    var inputs = try evidenceSources(choice).inputs(
      adding: inputs, counts: selection.counts, text: .corpora(corpora),
      tokenizer: selection.tokenizer, console)
    try initialization.sources.addLearnedRows(
      to: &inputs, for: choice.methods, base: base, selection: selection,
      seed: seed.seed, console)
    return inputs
  }

  /// The new matrices as coordinates and primitives in a file that is not in its place yet, if they are
  /// wanted.
  ///
  /// - Parameter output: The folder with the extended model, which is not in its place yet either.
  private func writtenFactors(
    of base: BaseModel, extended output: String
  ) throws -> SafetensorsWriter? {
    guard let path = initialization.sources.vectors.factors,
      let rank = initialization.sources.vectors.factorize
    else { return nil }
    let old = base.matrices
    let new = try Checkpoint(directory: output, names: tensors.names).tokenMatrices()
    var pairs = [(MatrixRole.input, old.embedding, new.embedding)]
    if !old.tied, let head = old.head, let newHead = new.head {
      pairs.append((.output, head, newHead))
    }
    return try FactoredMatrix.written(
      pairs.map { role, matrix, extended in
        FactoredMatrix(
          role: role,
          factors: try MatrixFactorization(of: matrix, rows: base.tokenRows, rank: rank),
          matrix: extended)
      }, to: path)
  }
}
