import ArgumentParser
import TesseraBasics
import TesseraCheckpoints
import TesseraCorpora
import TesseraModels
import TesseraTokenizers
import TesseraTraining
import TesseraVocabulary

/// The steps of `tessera evaluate`: each corpus scored, compared with the base and probed, then the parallel
/// text, then the weights.
struct EvaluationJob {
  private let command: EvaluateCommand
  private let corpora: [(name: String, corpus: Corpus)]
  private let pairs: [(source: [UInt8], target: [UInt8])]
  private let model: EvaluatedModel?
  private let base: EvaluatedModel?
  private let tables = EvaluationTables()
  private let workspace = TransformerWorkspace()

  /// The results for programs.
  private(set) var record = JSONObject()
  private var scores: [[String]] = []
  private var comparisons: [[String]] = []
  private var probes: [[String]] = []
  private var drift: String = ""

  /// Opens all inputs, and reads the models if there is text for them.
  init(_ command: EvaluateCommand, _ console: Console) throws {
    self.command = command
    let named = try namedPaths(command.corpus)
    corpora = Array(
      zip(named.map(\.name), try command.documents.corpora(named.map(\.paths)))
    ).map { (name: $0, corpus: $1) }
    let parallel = command.probes.parallel
    pairs =
      parallel.isEmpty
      ? []
      : try ParallelText.sentences(
        of: Corpus(paths: parallel, options: CorpusOptions(documents: .lines)))
    if !parallel.isEmpty, pairs.isEmpty { throw CommandError.emptyCorpus(paths: parallel) }
    console.warnIfUnfinished(command.model)
    let needsModels = !corpora.isEmpty || !pairs.isEmpty
    model =
      needsModels ? try EvaluatedModel(command.model, command: command, console) : nil
    base =
      needsModels
      ? try command.base.map { try EvaluatedModel($0, command: command, console) } : nil
    if command.base != nil || !command.probes.chosen.isEmpty {
      // Before any work is done.
      _ = try model?.probed(workspace)
      _ = try base?.probed(workspace)
    }
  }

  /// Measures everything.
  mutating func measure(_ console: Console) throws {
    var sample: [[UInt8]] = []
    if let model {
      // Nothing is scored before all corpora are known to have text.
      let texts = try corpora.map { try Self.texts($0.name, $0.corpus, model, command, console) }
      for ((name, _), text) in zip(corpora, texts) {
        try measure(name, text, model, console)
        sample += text.documents
      }
      if !pairs.isEmpty {
        let suite = ProbeSuite(pairs: pairs, options: command.probes.options)
        let probed = try probed(suite, model, console)
        record["parallel"] = probed.record
        probes += tables.rows("parallel", probed)
      }
    }
    if command.drift, let base = command.base { try measureDrift(from: base, sample, console) }
  }

  /// A corpus as what is scored, and as text where that is needed again.
  private static func texts(
    _ name: String, _ corpus: Corpus, _ model: EvaluatedModel, _ command: EvaluateCommand,
    _ console: Console
  ) throws -> (set: EvaluationSet, documents: [[UInt8]]) {
    do {
      return try console.during("encoding") {
        if command.base == nil, command.probes.chosen.isEmpty {
          return (try model.set(name, of: corpus), [])
        }
        let documents = try corpus.readAll().filter { !$0.isEmpty }
        if documents.isEmpty { throw CommandError.emptyCorpus(paths: corpus.paths) }
        return (
          EvaluationSet(
            name: name, documents: try model.encoder.encode(documents), scoring: model.scoring),
          documents
        )
      }
    } catch TrainingRunError.noDocuments {
      throw CommandError.emptyCorpus(paths: corpus.paths)
    }
  }

  private mutating func measure(
    _ name: String, _ text: (set: EvaluationSet, documents: [[UInt8]]),
    _ model: EvaluatedModel, _ console: Console
  ) throws {
    let score = text.set.score(
      of: model.transformer, workspace: workspace, progress: console.progress)
    let interval = score.bitsPerByteInterval()
    var record =
      score.record(measure: model.measure, perDocument: command.perDocument).object
      ?? JSONObject()
    record[model.measure.rawValue + "_interval"] = interval.map {
      .array([.init($0.lowerBound), .init($0.upperBound)])
    }
    scores.append(tables.row(name, score, interval))
    if let base {
      let baseTokens = try base.encoder.encode(text.documents)
      let tokenWindows = ScoreComparison(
        base: base.transformer.score(
          baseTokens, options: base.scoring, workspace: workspace, phase: "\(name), base",
          progress: console.progress), model: score)
      let byteCount =
        command.byteWindow
        ?? min(
          model.transformer.configuration.contextLength,
          base.transformer.configuration.contextLength)
      func byBytes(_ model: EvaluatedModel, _ tokens: TokenizedDocuments) throws -> CorpusScore {
        try model.transformer.score(
          tokens, tokenizer: model.tokenizer, windowByteCount: byteCount, workspace: workspace,
          phase: "\(name), \(byteCount) bytes", progress: console.progress)
      }
      record["against_base"] = .object(tokenWindows.record)
      comparisons.append(tables.row(name, windows: "tokens", tokenWindows))
      // A tokenizer that normalizes has no bytes to count; that was asked for only by --byte-window.
      if command.byteWindow != nil || (model.tokenizer.keepsBytes && base.tokenizer.keepsBytes) {
        let byteWindows = ScoreComparison(
          base: try byBytes(base, baseTokens),
          model: try byBytes(model, model.encoder.encode(text.documents)))
        var windows = byteWindows.record
        windows["window_bytes"] = .init(byteCount)
        record["against_base_by_bytes"] = .object(windows)
        comparisons.append(tables.row(name, windows: "\(byteCount) bytes", byteWindows))
      }
    }
    let chosen = command.probes.chosen.filter { !$0.needsParallelText }
    if !chosen.isEmpty {
      let suite = try ProbeSuite(
        chosen, documents: text.documents, tokenizer: model.tokenizer, base: base?.tokenizer,
        options: command.probes.options)
      let probed = try probed(suite, model, console)
      record["probes"] = probed.record
      probes += tables.rows(name, probed)
    }
    self.record[name] = .object(record)
  }

  private func probed(
    _ suite: ProbeSuite, _ model: EvaluatedModel, _ console: Console
  ) throws -> ProbedText {
    ProbedText(
      results: try suite.results(for: model.probed(workspace), progress: console.progress),
      base: try base.map {
        try suite.results(for: $0.probed(workspace), progress: console.progress)
      })
  }

  private mutating func measureDrift(
    from base: String, _ sample: [[UInt8]], _ console: Console
  ) throws {
    let weights = try CheckpointDrift(
      of: Checkpoint(directory: command.model), from: Checkpoint(directory: base),
      progress: console.progress)
    var record = weights.record
    var states: StateDrift?
    if let model, let baseModel = self.base, !sample.isEmpty {
      states = try StateDrift(
        of: model.probed(workspace), from: baseModel.probed(workspace), documents: sample,
        seed: command.probes.seed.seed, progress: console.progress)
      record["hidden_states"] = states.map { .object($0.record) }
    }
    self.record["drift"] = .object(record)
    drift = tables.text(weights, states)
  }

  /// The tables for people.
  var text: String {
    tables.text(
      scores: scores, measure: model?.measure ?? .bitsPerByte, comparisons: comparisons,
      probes: probes, drift: drift)
  }
}

/// A model that is evaluated, with its tokenizer.
struct EvaluatedModel {
  let directory: String
  let transformer: Transformer
  let tokenizer: Tokenizer
  let encoder: DocumentEncoder
  let scoring: ScoringOptions
  /// What it is scored by.
  let measure: ScoreMeasure

  init(_ directory: String, command: EvaluateCommand, _ console: Console) throws {
    self.directory = directory
    transformer = try console.during("loading \(directory)") {
      try Transformer(checkpoint: directory)
    }
    tokenizer = try Tokenizer(contentsOf: directory)
    if tokenizer.endOfText == nil { throw CommandError.noEndOfText(tokenizer: directory) }
    encoder = try DocumentEncoder(
      tokenizer, name: directory, rowCount: transformer.configuration.vocabularySize)
    let length = min(
      command.context ?? transformer.configuration.contextLength,
      transformer.configuration.contextLength)
    if let stride = command.stride, stride > length {
      throw ValidationError("--stride must be at most the context of \(length), not \(stride)")
    }
    scoring = ScoringOptions(windowLength: length, stride: command.stride)
    measure = ScoreMeasure(transformer.configuration.objective)
    if measure == .bitsPerMaskedByte, command.stride != nil {
      throw UsageError("--stride is for models that predict the next token")
    }
  }

  /// A corpus as the model is scored by it.
  func set(_ name: String, of corpus: Corpus) throws -> EvaluationSet {
    switch measure {
    case .bitsPerByte:
      return EvaluationSet(
        name: name, documents: try encoder.encodeAll(of: corpus), scoring: scoring)
    case .bitsPerMaskedByte:
      let documents = try corpus.readAll().filter { !$0.isEmpty }
      if documents.isEmpty { throw TrainingRunError.noDocuments(source: name) }
      return EvaluationSet(
        name: name,
        masked: try MaskedDocuments(
          documents, tokenizer: tokenizer, tokens: EncoderTokens(tokenizer, name: directory),
          length: scoring.windowLength ?? 1))
    }
  }

  /// The model, ready for probes.
  func probed(_ workspace: TransformerWorkspace) throws -> ProbedModel {
    try ProbedModel(transformer, tokenizer: tokenizer, name: directory, workspace: workspace)
  }
}

/// What probes give for a text.
struct ProbedText {
  let results: [ProbeResult]
  /// The same for the base.
  let base: [ProbeResult]?

  /// Pairs of results.
  var pairs: [(result: ProbeResult, base: ProbeResult?)] {
    results.enumerated().map { ($1, base?[$0]) }
  }

  /// The figures for programs, by the names of probes.
  var record: JSONValue {
    var record = JSONObject()
    for (result, base) in pairs { record[result.probe.rawValue] = result.record(base: base) }
    return .object(record)
  }
}
