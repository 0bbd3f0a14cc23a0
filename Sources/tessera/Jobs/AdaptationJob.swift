import TesseraBasics
import TesseraCheckpoints
import TesseraCorpora
import TesseraModels
import TesseraTensors
import TesseraTokenizers
import TesseraTraining
import TesseraVocabulary

/// The steps of `tessera adapt`: vocabulary expansion, which knows no training, and training, which
/// knows no vocabulary expansion, one after the other in one folder.
///
/// Until the training is done the folder holds the extended model, so that a run that is resumed
/// finds its tokenizer and its shape there; the adapted weights then take its place.
struct AdaptationJob {
  private let command: AdaptCommand
  private let base: BaseModel
  private let languages: LanguageSources
  private let choice: InitializationChoice?
  private let initialization: InitializationInputs
  private let inputs: [String]
  private let isResumed: Bool
  private let objective: TrainingObjective
  private let masking: MaskedObjectiveOptions
  private let time = RunTime()

  private var target: Adaptation.Source { languages.target }
  private var replay: Adaptation.Source? { languages.replay }
  /// The names of all sources of a mixture.
  private var sourceNames: [String] {
    languages.sourceNames + (masking.pairs == nil ? [] : [SentencePairs.sourceName])
  }

  /// Sees to it that the output can be made and the inputs be opened, then reads the base model and
  /// the corpora.
  init(_ command: AdaptCommand, _ console: Console) throws {
    self.command = command
    inputs =
      [command.model] + command.languages.paths
      + command.initialization.sources.paths + command.masking.paths
    try command.initialization.sources.checkFiles(command.languages.documents)
    isResumed = try command.output.checkRun(
      resume: command.saving.resume, inputs: inputs, except: SavingArguments.free)
    let corpora = try LanguageSources.corpora(
      command.languages, metadataFields: command.data.metadataFields)
    console.warnIfUnfinished(command.model)
    base = try BaseModel(directory: command.model)
    if base.tokenizer.endOfText == nil {
      throw CommandError.noEndOfText(tokenizer: command.model)
    }
    let configuration = try Transformer.checkedConfiguration(of: base.checkpoint)
    objective = configuration.objective
    if let rank = command.embeddingRank, rank > configuration.width {
      throw UsageError(
        "--embedding-rank must be at most \(configuration.width), the length of the model's rows, "
          + "not \(rank)")
    }
    try command.masking.check(for: objective)
    try base.checkRows(outputMethod: command.initialization.outputMethod)
    try command.initialization.sources.checkLearning(base, command.initialization.askedMethods)
    // Rows are made once; a plan and a run that goes on need their number alone.
    choice =
      command.dryRun || isResumed || command.newTokens == 0
      ? nil : try command.initialization.choice(for: base, hasDocuments: true, console)
    initialization = try command.initialization.sources.inputs()
    var masking = try command.masking.options()
    languages = try LanguageSources(
      command.languages, corpora, template: command.data.template(ofSource:), console
    ) { documents in
      guard let spans = try command.masking.documentSpans() else { return }
      masking.spans = try spans.byContent(of: documents)
    }
    self.masking = masking
    if objective == .maskedTokens {
      try MaskedTraining.check(command.makeOptions(sources: sourceNames).data)
    }
  }

  /// Prints the plan on standard output, and leaves no trace.
  func plan(_ console: Console) throws {
    let vocabulary = try vocabularyExtension(console)
    // The plan needs the shape of the extended model and not its weights.
    var configuration = try Transformer.checkedConfiguration(of: base.checkpoint)
    configuration.vocabularySize = vocabulary.layout.rowCount
    configuration.factorRank = command.embeddingRank
    let adaptation = try console.during(planningPhase(resuming: nil)) {
      try Adaptation(
        configuration: configuration,
        weights: { [configuration] in Transformer(configuration: configuration, seed: 0) },
        tokenizer: vocabulary.tokenizer, newRows: vocabulary.layout.newRows, target: target,
        replay: replay, options: try command.makeOptions(sources: sourceNames, masking: masking))
    }
    let memory = try adaptation.memory(processSize: ProcessMemory.currentSize ?? 0)
    if command.common.json {
      try console.printJSON(adaptation.record.with(memory))
    } else {
      let lines = lines(of: adaptation, memory, newTokenCount: vocabulary.tokens.count)
      try writeToStandardOutput(lines.map { $0 + "\n" }.joined())
    }
  }

  /// Extends, trains, measures, and leaves the model; nil after an interruption.
  func run(_ console: Console) throws -> AdaptationReport? {
    let output = command.output.output
    let prepared = try vocabularyExtension(console)
    if !isResumed { try write(prepared, console) }
    var directory = try RunDirectory(path: output, force: false, resume: true, inputs: inputs)
    let tokenizer = try Tokenizer(contentsOf: output)
    var configuration = try Transformer.checkedConfiguration(of: Checkpoint(directory: output))
    configuration.factorRank = command.embeddingRank
    guard configuration.vocabularySize == prepared.layout.rowCount,
      tokenizer.vocabularySize == prepared.tokenizer.vocabularySize,
      (0..<prepared.tokens.count).allSatisfy({
        tokenizer.bytes(of: prepared.tokens.id(of: $0)) == prepared.tokens.bytes(of: $0)
      })
    else { throw CommandError.otherNewTokens(folder: output) }
    let record = directory.record
    let adaptation = try console.during(planningPhase(resuming: record)) {
      try Adaptation(
        configuration: configuration,
        weights: { [rank = command.embeddingRank] in
          try TrainedMatrices(rank: rank).model(of: output)
        },
        tokenizer: tokenizer, newRows: prepared.layout.newRows, target: target, replay: replay,
        options: try command.makeOptions(sources: sourceNames, masking: masking),
        resuming: record)
    }
    if !command.common.json {
      let memory = try adaptation.memory(processSize: ProcessMemory.currentSize ?? 0)
      for line in lines(of: adaptation, memory, newTokenCount: prepared.tokens.count) {
        console.say(line)
      }
    }
    // A call that was killed before it had a plan has left none.
    if record?["steps"] == nil { try directory.write(adaptation.record) }

    let before = try scoresOfBase(by: adaptation, console)
    // The bound of forgetting is that of the first call: another kind of processor would measure
    // the base model a little differently.
    let replayBefore =
      record?[Self.replayBeforeKey]?.double ?? (before.count > 1 ? before[1].bitsPerByte : nil)
    if let replayBefore { try note(Self.replayBeforeKey, replayBefore, in: &directory) }
    var firstStep = 0
    let earlierSeconds = record?[Self.secondsKey]?.double ?? 0
    var time = time
    time.add(earlier: earlierSeconds)
    let result = try adaptation.run(
      in: directory, before: replayBefore, time: time, progress: console.progress,
      onResume: {
        firstStep = $0.step
        console.sayResumed($0)
      }, onUnremoved: console.warnUnremoved)
    guard let result else { return nil }

    try TrainedMatrices.write(result.model, to: output)
    try ModelDirectory.replaceWeights(
      in: output, by: result.model.expandingFactors(),
      elementType: base.matrices.embedding.elementType)
    // What is reported is what the files hold.
    let stored = try Transformer(checkpoint: output)
    let after = try Adaptation.scores(
      of: stored,
      on: adaptation.evaluationSets(
        for: Tokenizer(contentsOf: output), rowCount: stored.configuration.vocabularySize),
      progress: console.progress)
    // The report tells the time of all calls, and one that finds all steps done adds nothing.
    let isDone = firstStep == adaptation.plan.steps && earlierSeconds > 0
    let seconds = isDone ? earlierSeconds : result.outcome.time.seconds
    try note(Self.secondsKey, seconds, in: &directory)
    let report = AdaptationReport(
      baseModel: command.model,
      target: AdaptationReport.Row(name: target.name, before: before[0], after: after[0]),
      replay: replay.map {
        AdaptationReport.Row(name: $0.name, before: before[1], after: after[1])
      },
      newTokenCount: prepared.tokens.count, training: result,
      seconds: seconds,
      plan: adaptation.record, measure: adaptation.measure)
    try writeFile(
      Path.join(output, "report.json"), report.record.serialized(pretty: true))
    try writeFile(Path.join(output, "report.txt"), Array(report.table.utf8))
    let baseCards = ModelCard.baseNames { Path.exists(Path.join(output, $0)) }
    try writeFile(
      Path.join(output, ModelCard.name), Array(report.modelCard(baseCards: baseCards).utf8))
    return report
  }

  /// The base model's scores on the held-out documents; its weights are read for them alone.
  private func scoresOfBase(
    by adaptation: Adaptation, _ console: Console
  ) throws -> [CorpusScore] {
    let original = try console.during("loading \(command.model)") {
      try Transformer(checkpoint: command.model)
    }
    return try Adaptation.scores(
      of: original,
      on: adaptation.evaluationSets(
        for: base.tokenizer, rowCount: original.configuration.vocabularySize),
      progress: console.progress)
  }

  /// Makes the run's folder: the extended model, and the marks by which a call that is killed from here
  /// on can be resumed. What was there before is kept until all of it can take its place.
  private func write(_ vocabulary: VocabularyExtension, _ console: Console) throws {
    let directory = try OutputDirectory(
      path: command.output.output, force: command.output.force, inputs: inputs)
    // Training changes old rows, so the base cannot be made again.
    _ = try vocabulary.write(
      intoStaging: directory.stagingPath, keepsBase: false, progress: console.progress)
    try RunConfiguration.current.write(to: directory.stagingPath)
    try RunDirectory.mark(directory.stagingPath)
    try directory.commit()
  }

  /// The member of `run.json` with the time that the whole job has taken.
  private static let secondsKey = "seconds"
  /// The member of `run.json` with the base model's bits per byte on the replay corpus.
  private static let replayBeforeKey = "replay_bits_per_byte_before"

  /// Sets a member of `run.json`.
  private func note(_ key: String, _ value: Double, in directory: inout RunDirectory) throws {
    guard var record = directory.record, record[key]?.double != value else { return }
    record[key] = JSONValue(value)
    try directory.write(record)
  }

  /// What making the plan is called while it takes time.
  private func planningPhase(resuming record: JSONValue?) -> String {
    let isMeasured = record?["planned_tokens_per_second"]?.double != nil
    return command.budget.minutes == nil || isMeasured
      ? "planning" : "measuring the speed of training"
  }

  /// The new tokens, learned from the part of the corpus that is trained on.
  private func vocabularyExtension(_ console: Console) throws -> VocabularyExtension {
    let count =
      command.newTokens
      ?? AdaptationOptions.newTokenCount(trainingByteCount: target.documents.trainingByteCount)
    var options = ExtensionOptions()
    options.seed = command.seed.seed
    command.placement.set(&options)
    let counts = try console.during("counting") {
      try countPreTokens(in: target.documents.training, for: base.tokenizer)
    }
    let selection = try TokenSelection(
      base: base.tokenizer, counts: counts,
      options: TokenSelectionOptions(newTokenCount: count),
      ids: command.placement.newIDs(of: base, console), progress: console.progress)
    var vocabulary = try VocabularyExtension(of: base, tokens: selection.tokens, options: options)
    var configuration = try Transformer.checkedConfiguration(of: base.checkpoint)
    configuration.vocabularySize = vocabulary.layout.rowCount
    configuration.factorRank = command.embeddingRank
    let trained = try command.makeOptions(sources: sourceNames, masking: masking)
    configuration.adapters = try trained.adapters?.adapters(layerCount: configuration.layerCount)
    try Adaptation.check(
      trained, layout: ParameterLayout(configuration),
      newRows: vocabulary.layout.newRows, target: target, replay: replay)
    guard let choice else { return vocabulary }
    choice.set(&options)
    let evidence = InitializationEvidence(
      sources: command.initialization.sources, documents: command.languages.documents,
      methods: choice.methods, seed: command.seed.seed)
    var inputs = try evidence.inputs(
      adding: initialization, counts: [counts], text: .documents(target.documents.training),
      tokenizer: selection.tokenizer, console)
    try command.initialization.sources.addLearnedRows(
      to: &inputs, for: choice.methods, base: base, selection: selection,
      seed: command.seed.seed, console)
    try vocabulary.setRows(by: options, from: inputs)
    return vocabulary
  }

  /// What is going to happen.
  private func lines(
    of adaptation: Adaptation, _ memory: MemoryPlan, newTokenCount: Int
  ) -> [String] {
    let (plan, data) = (adaptation.plan, adaptation.data)
    let tokens = plan.steps * data.batchTokenCount
    let sources = [target, replay].compactMap { $0 }.map { source in
      "\(source.name): \(formatAmount(Double(source.documents.trainingByteCount), unit: "B")) to "
        + "train on; \(formatAmount(Double(source.documents.heldOutByteCount), unit: "B")) held out"
    }
    return sources + [
      "model: \(groupDigits(adaptation.layout.count)) parameters, "
        + "\(groupDigits(newTokenCount)) new tokens",
      "adapt: begins with \(RunKind.adapt.beginning)",
      "plan: \(groupDigits(plan.steps)) steps of \(groupDigits(data.batchTokenCount)) tokens, "
        + "\(groupDigits(tokens)) tokens in all",
    ] + data.lines(steps: plan.steps) + plan.lines(layout: adaptation.layout)
      + [kernelLine(for: plan.precision)]
      + costLines(memory, tokenCount: tokens, tokensPerSecond: adaptation.plannedTokensPerSecond)
  }
}

extension AdaptationReport {
  /// The table that the job ends with.
  var table: String {
    let header = [
      "corpus", "bytes/token", "after", measure.columnTitle, "after", "change", "seconds",
    ]
    let rows = [target, replay].compactMap { $0 }.enumerated().map { index, row in
      [
        row.name, fixed(row.before.bytesPerToken, 2), fixed(row.after.bytesPerToken, 2),
        fixed(row.before.bitsPerByte, 3), fixed(row.after.bitsPerByte, 3),
        "\(row.change < 0 ? "" : "+")\(fixed(row.change, 3)) "
          + "(\(row.change < 0 ? "" : "+")\(fixed(100 * row.relativeChange, 1)) %)",
        index == 0 ? fixed(seconds, 1) : "",
      ]
    }
    return alignedTable([header] + rows)
  }
}
