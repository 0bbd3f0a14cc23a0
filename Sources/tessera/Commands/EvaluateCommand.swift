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
      of documents would give.

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
    let texts = try corpora.map { corpus in
      do {
        return try console.during("encoding") { try encoder.encodeAll(of: corpus) }
      } catch TrainingRunError.noDocuments {
        throw CommandError.emptyCorpus(paths: corpus.paths)
      }
    }
    for (name, texts) in zip(named.map(\.name), texts) {
      let score = transformer.score(
        texts, options: ScoringOptions(windowLength: length, stride: stride),
        workspace: workspace, phase: name, progress: console.progress)
      let interval = score.bitsPerByteInterval()
      if var record = score.record(perDocument: perDocument).object {
        record["bits_per_byte_interval"] = interval.map {
          .array([.init($0.lowerBound), .init($0.upperBound)])
        }
        results[name] = .object(record)
      }
      let range = interval.map { "[\(fixed($0.lowerBound, 3)), \(fixed($0.upperBound, 3))]" }
      rows.append([
        name, groupDigits(score.documents.count), groupDigits(score.bytes),
        fixed(score.bytesPerToken, 2), fixed(score.bitsPerByte, 4), range ?? "",
      ])
    }
    console.finishProgress()
    if common.json {
      try console.printJSON(.object(results))
    } else {
      let header = ["corpus", "documents", "bytes", "bytes/token", "bits/byte", "95 % interval"]
      try writeToStandardOutput(alignedTable([header] + rows))
    }
  }
}
