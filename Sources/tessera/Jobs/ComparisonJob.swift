import TesseraBasics
import TesseraModels
import TesseraTokenizers
import TesseraTraining
import TesseraVocabulary

/// The steps of `tessera compare`: the same new tokens, and for each method and seed an extension in a
/// folder that is removed again, and a training in memory.
struct ComparisonJob {
  private let command: CompareCommand
  private let base: BaseModel
  private let languages: LanguageSources
  private let given: InitializationInputs
  private let inputs: [String]

  /// Sees to it that the output can be made and the inputs be opened, then reads the base model and the
  /// corpora.
  init(_ command: CompareCommand, _ console: Console) throws {
    self.command = command
    inputs =
      [command.model] + command.languages.paths + command.given.paths
    try command.given.checkFiles(command.languages.documents)
    // More methods and more seeds are more runs, and change none that was made.
    try command.output.checkRun(
      resume: command.resume, inputs: inputs, except: ["init", "seeds"])
    let corpora = try LanguageSources.corpora(command.languages)
    console.warnIfUnfinished(command.model)
    base = try BaseModel(directory: command.model)
    if base.tokenizer.endOfText == nil {
      throw CommandError.noEndOfText(tokenizer: command.model)
    }
    try base.checkRows(outputMethod: nil)
    try command.given.checkLearning(
      base, command.methods?.methods ?? Self.methodsByDefault(for: base))
    given = try command.given.inputs()
    languages = try LanguageSources(command.languages, corpora, console)
  }

  /// Measures what is not measured yet; nil after an interruption.
  func run(_ console: Console) throws -> ComparisonReport? {
    let counts = try console.during("counting") {
      try countPreTokens(in: languages.target.documents.training, for: base.tokenizer)
    }
    let newTokenCount =
      command.newTokens
      ?? AdaptationOptions.newTokenCount(
        trainingByteCount: languages.target.documents.trainingByteCount)
    let selection = try TokenSelection(
      base: base.tokenizer, counts: counts,
      options: TokenSelectionOptions(newTokenCount: newTokenCount),
      ids: base.newIDs(padding: ExtensionOptions().padding), progress: console.progress)
    let evidence = InitializationEvidence(
      sources: command.given, documents: command.languages.documents,
      methods: command.methods?.methods ?? Self.methodsByDefault(for: base), seed: 0)
    let inputs = try evidence.inputs(
      adding: given, counts: [counts], text: .documents(languages.target.documents.training),
      tokenizer: selection.tokenizer, console)
    let methods = try methods(with: inputs)
    console.finishProgress()

    var directory = try RunDirectory(
      path: command.output.output, force: command.output.force, resume: command.resume,
      inputs: self.inputs)
    var report = ComparisonReport(
      corpora: [languages.target, languages.replay].compactMap { $0?.name },
      newTokenCount: selection.tokens.count,
      measure: ScoreMeasure(try Transformer.checkedConfiguration(of: base.checkpoint).objective),
      runs: ComparisonReport.runs(in: directory.record))
    try check(report.runs, among: methods)
    try RunConfiguration.current.write(to: directory.path)
    if directory.record?["runs"] == nil { try directory.write(report.record) }
    for seed in 0..<command.seeds {
      for method in methods where !report.has(method, seed: seed) {
        console.say("\(method.rawValue), seed \(seed)")
        guard
          let scores = try scores(of: method, seed: seed, selection, inputs, console)
        else { return nil }
        report.runs.append(ComparisonReport.Run(method: method, seed: seed, scores: scores))
        try directory.write(report.record)
      }
    }
    try writeFile(
      Path.join(directory.path, "comparison.json"), report.record.serialized(pretty: true))
    try writeFile(Path.join(directory.path, "comparison.txt"), Array(report.table.utf8))
    return report
  }

  /// Sees to it that a comparison that goes on only grows, so that this call's options are those of all runs
  /// and every method is measured with all seeds.
  private func check(
    _ runs: [ComparisonReport.Run], among methods: [InitializationMethod]
  ) throws {
    if let run = runs.first(where: { !methods.contains($0.method) }) {
      throw UsageError(
        "\(command.output.output) has runs of \(run.method.rawValue), which --init has to name as well"
      )
    }
    if let last = runs.map(\.seed).max(), last >= command.seeds {
      throw UsageError(
        "\(command.output.output) has runs with \(last + 1) seeds, and --seeds \(command.seeds) is fewer"
      )
    }
  }

  /// What is compared where nothing is asked for: the default of other verbs, and methods that learn nothing.
  private static func methodsByDefault(for base: BaseModel) -> [InitializationMethod] {
    let recommended = RecommendedInitialization(for: base, hasDocuments: true).method
    return InitializationMethod.allCases.filter {
      $0 == recommended || !$0.usesVectors && !$0.learnsRows
    }
  }

  /// The methods that were asked for, or those of the default that can be made of the inputs.
  private func methods(with inputs: InitializationInputs) throws -> [InitializationMethod] {
    if let methods = command.methods?.methods { return methods }
    return try Self.methodsByDefault(for: base).filter { method in
      if method.learnsRows { return true }
      do { _ = try method.initializer(from: inputs) } catch VocabularyError.missingInput {
        return false
      }
      return true
    }
  }

  /// Extends the base by a method, trains, and scores; nil after an interruption.
  private func scores(
    of method: InitializationMethod, seed: Int, _ selection: TokenSelection,
    _ inputs: InitializationInputs, _ console: Console
  ) throws -> [RunEvaluation]? {
    var options = ExtensionOptions()
    options.inputMethod = method
    options.seed = UInt64(seed)
    var inputs = inputs
    do {
      try command.given.addLearnedRows(
        to: &inputs, for: [method], base: base, selection: selection, seed: options.seed,
        console)
    } catch VocabularyError.interrupted {
      return nil
    }
    let plan = try VocabularyExtension(
      of: base, tokens: selection.tokens, options: options, inputs: inputs)
    guard let extended = try extend(plan, console) else { return nil }
    let adaptation = try Adaptation(
      configuration: extended.model.configuration, weights: { [model = extended.model] in model },
      tokenizer: extended.tokenizer, newRows: plan.layout.newRows, target: languages.target,
      replay: languages.replay, options: command.options(seed: seed))
    return try adaptation.scores(after: command.scoredSteps, progress: console.progress)
  }

  /// The extended model, whose files are needed until it is loaded; nil after an interruption.
  private func extend(
    _ plan: VocabularyExtension, _ console: Console
  ) throws -> (model: Transformer, tokenizer: Tokenizer)? {
    // What is not committed is removed.
    let folder = try OutputDirectory(
      path: Path.join(command.output.output, "model"), force: true, inputs: inputs)
    do {
      _ = try plan.write(
        intoStaging: folder.stagingPath, keepsBase: false, progress: console.progress)
    } catch VocabularyError.interrupted {
      return nil
    }
    return (
      try Transformer(checkpoint: folder.stagingPath), try Tokenizer(contentsOf: folder.stagingPath)
    )
  }
}
