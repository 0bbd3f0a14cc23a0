import ArgumentParser
import TesseraBasics
import TesseraCorpora
import TesseraModels
import TesseraTokenizers
import TesseraTraining

/// `tessera evaluate --model DIR --corpus NAME=FILE...`: bits per byte on whole documents.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Measure bits per byte on named corpora.",
    discussion: """
      Scores every document by itself, whole, after an end-of-text token. Bits per byte compare \
      models with different tokenizers; the interval in brackets holds 95 % of what another choice \
      of documents would give. Of encoders it measures the bits per byte of masked words, always the \
      same ones.

      Example:
        tessera evaluate --model models/base-en --paragraphs \\
          --corpus en=corpora-samples/en hi=corpora-samples/hi
      """)

  @Option(help: "The model directory.", completion: .directory)
  var model: String

  @Option(
    parsing: .upToNextOption,
    help: "Corpora as NAME=PATH, or PATH; a name given several times joins its paths.")
  var corpus: [String]

  @Option(help: "Tokens that the model sees at once. (default: its context)")
  var context: Int?

  @Option(help: "Tokens between the starts of two windows. (default: half of the context)")
  var stride: Int?

  @Flag(help: "With --json: also each document's bytes, tokens and nats.")
  var perDocument = false

  @OptionGroup var documents: DocumentOptions
  @OptionGroup var common: CommonOptions

  mutating func validate() throws {
    try checkRange("--context", context, 1...tokenCountLimit)
    try checkRange("--stride", stride, 1...tokenCountLimit)
    if let context, let stride, stride > context {
      throw ValidationError("--stride must be at most the context of \(context), not \(stride)")
    }
  }

  func run() throws {
    let console = common.start()
    let named = try namedPaths(corpus)
    let corpora = try documents.corpora(named.map(\.paths))
    console.warnIfUnfinished(model)
    let transformer = try console.during("loading \(model)") { try Transformer(checkpoint: model) }
    let tokenizer = try Tokenizer(contentsOf: model)
    if tokenizer.endOfText == nil { throw CommandError.noEndOfText(tokenizer: model) }
    let measure = ScoreMeasure(transformer.configuration.objective)
    if measure == .bitsPerMaskedByte, stride != nil {
      throw UsageError("--stride is for models that predict the next token")
    }
    let encoder = try DocumentEncoder(
      tokenizer, name: model, rowCount: transformer.configuration.vocabularySize)
    let length = min(
      context ?? transformer.configuration.contextLength, transformer.configuration.contextLength)
    if let stride, stride > length {
      throw ValidationError("--stride must be at most the context of \(length), not \(stride)")
    }
    let workspace = TransformerWorkspace()
    var rows: [[String]] = []
    var results = JSONObject()
    let sets = try zip(named.map(\.name), corpora).map { name, corpus in
      do {
        return try console.during("encoding") {
          try Self.set(
            name, corpus, encoder, tokenizer, ScoringOptions(windowLength: length, stride: stride),
            measure)
        }
      } catch TrainingRunError.noDocuments {
        throw CommandError.emptyCorpus(paths: corpus.paths)
      }
    }
    for set in sets {
      let score = set.score(of: transformer, workspace: workspace, progress: console.progress)
      let interval = score.bitsPerByteInterval()
      if var record = score.record(measure: measure, perDocument: perDocument).object {
        record[measure.rawValue + "_interval"] = interval.map {
          .array([.init($0.lowerBound), .init($0.upperBound)])
        }
        results[set.name] = .object(record)
      }
      let range = interval.map { "[\(fixed($0.lowerBound, 3)), \(fixed($0.upperBound, 3))]" }
      rows.append([
        set.name, groupDigits(score.documents.count), groupDigits(score.bytes),
        fixed(score.bytesPerToken, 2), fixed(score.bitsPerByte, 4), range ?? "",
      ])
    }
    console.finishProgress()
    if common.json {
      try console.printJSON(.object(results))
    } else {
      let header = [
        "corpus", "documents", "bytes", "bytes/token", measure.columnTitle, "95 % interval",
      ]
      try writeToStandardOutput(alignedTable([header] + rows))
    }
  }

  /// A corpus as a model is scored by it.
  private static func set(
    _ name: String, _ corpus: Corpus, _ encoder: DocumentEncoder, _ tokenizer: Tokenizer,
    _ options: ScoringOptions, _ measure: ScoreMeasure
  ) throws -> EvaluationSet {
    switch measure {
    case .bitsPerByte:
      return EvaluationSet(
        name: name, documents: try encoder.encodeAll(of: corpus), scoring: options)
    case .bitsPerMaskedByte:
      let documents = try corpus.readAll().filter { !$0.isEmpty }
      if documents.isEmpty { throw TrainingRunError.noDocuments(source: name) }
      return EvaluationSet(
        name: name,
        masked: try MaskedDocuments(
          documents, tokenizer: tokenizer, tokens: EncoderTokens(tokenizer, name: name),
          length: options.windowLength ?? 1))
    }
  }
}
