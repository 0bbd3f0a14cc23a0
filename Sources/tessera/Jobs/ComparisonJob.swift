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
      [command.model] + command.languages.corpus + command.languages.replay + command.given.paths
    try command.given.checkFiles()
    try command.output.checkRun(resume: command.resume, inputs: inputs)
    let corpora = try LanguageSources.corpora(command.languages)
    console.warnIfUnfinished(command.model)
    base = try BaseModel(directory: command.model)
    if base.tokenizer.endOfText == nil {
      throw CommandError.noEndOfText(tokenizer: command.model)
    }
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
      firstID: base.firstNewID(padding: ExtensionOptions().padding), progress: console.progress)
    var inputs = given
    inputs.counts = [counts]
    inputs.documents = languages.target.documents.training
    let sourceCorpus = command.given.vectors.sourceCorpus
    try command.given.addVectors(
      to: &inputs, for: command.methods?.methods ?? [],
      target: .documents(languages.target.documents.training),
      source: sourceCorpus.isEmpty ? nil : command.languages.documents.corpus(sourceCorpus),
      tokenizer: selection.tokenizer, seed: 0, console)
    let methods = try methods(with: inputs)
    console.finishProgress()

    var directory = try RunDirectory(
      path: command.output.output, force: command.output.force, resume: command.resume,
      inputs: self.inputs)
    if !directory.isResumed {
      try RunConfiguration.current.write(to: directory.path)
    }
    var report = ComparisonReport(
      corpora: [languages.target, languages.replay].compactMap { $0?.name },
      newTokenCount: selection.tokens.count, runs: ComparisonReport.runs(in: directory.record))
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

  /// Methods that read the text with the model once, and learn nothing step by step.
  static let methodsOfOnePass: [InitializationMethod] = [.contextual, .correctedFirst]

  /// The methods that were asked for, or all that can be made of the inputs in reasonable time.
  private func methods(with inputs: InitializationInputs) throws -> [InitializationMethod] {
    let learning = command.given.learning.options(seed: 0)
    if let methods = command.methods?.methods {
      for method in methods {
        if method.learnsRows {
          try RowLearning.check(base, method: method, options: learning)
        } else {
          _ = try method.initializer(from: inputs)
        }
      }
      return methods
    }
    return InitializationMethod.allCases.filter { method in
      Self.methodsOfOnePass.contains(method)
        ? (try? RowLearning.check(base, method: method, options: learning)) != nil
        : (try? method.initializer(from: inputs)) != nil
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
        progress: console.progress)
    } catch VocabularyError.interrupted {
      return nil
    }
    let plan = try VocabularyExtension(
      of: base, tokens: selection.tokens, options: options, inputs: inputs)
    let folder = Path.join(command.output.output, "model")
    _ = try plan.write(
      to: folder, force: true, inputs: self.inputs, progress: console.progress)
    let model = try Transformer(checkpoint: folder)
    let tokenizer = try Tokenizer(contentsOf: folder)
    try remove(folder)
    let adaptation = try Adaptation(
      model: model, tokenizer: tokenizer, newRows: plan.layout.newRows, target: languages.target,
      replay: languages.replay, options: command.options(seed: seed))
    return try adaptation.scores(after: command.at.steps, progress: console.progress)
  }
}
