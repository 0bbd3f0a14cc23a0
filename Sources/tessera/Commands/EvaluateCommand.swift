import ArgumentParser
import TesseraBasics
import TesseraCorpora
import TesseraModels
import TesseraTokenizers
import TesseraTraining

/// `tessera evaluate --model DIR --corpus NAME=FILE...`: bits per byte on whole documents, against a base
/// as well, and probes.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Measure bits per byte on named corpora, forgetting, drift, and label-free probes.",
    discussion: """
      Scores every document by itself, whole, after an end-of-text token. Bits per byte compare \
      models with different tokenizers; the interval in brackets holds 95 % of what another choice \
      of documents would give. Of encoders it measures the bits per byte of masked words, always the \
      same ones.

      With --base both models are scored on the same documents, through windows of as many tokens as \
      each sees and through windows of as many bytes; the interval of the change is made from \
      differences per document. --drift compares their weights and hidden states, layer by layer.

      --probes makes tests of the text itself, by a seed: whether what was there before is more likely \
      the second time (induction), a document's own continuation than others (continuation), a sentence \
      than the same one damaged (corruption), a translation than other sentences (parallel); whether the \
      last word of a paragraph is found (last-word), and whether what the model writes is sound \
      (generation). Docs/Evaluation.md says what each number is.

      Examples:
        tessera evaluate --model models/base-en --paragraphs \\
          --corpus en=corpora-samples/en hi=corpora-samples/hi
        tessera evaluate --model models/base-en --paragraphs --corpus en=corpora-samples/en \\
          --probes induction,continuation,corruption
        tessera evaluate --model adapted-sw --base models/base-en --drift --paragraphs \\
          --corpus en=corpora-samples/en sw=corpora-samples/sw
      """)

  @Option(help: "The model directory.", completion: .directory)
  var model: String

  @Option(
    parsing: .upToNextOption,
    help: "Corpora as NAME=PATH, or PATH; a name given several times joins its paths.")
  var corpus: [String] = []

  @Option(help: "The directory of the model that this one was made from, to compare with.")
  var base: String?

  @Flag(help: "With --base: also how far weights and hidden states are from it.")
  var drift = false

  @Option(
    help: """
      With --base: bytes that both models see at once in the second comparison. (default: as many as \
      the shorter context has tokens)
      """)
  var byteWindow: Int?

  @Option(help: "Tokens that the model sees at once. (default: its context)")
  var context: Int?

  @Option(help: "Tokens between the starts of two windows. (default: half of the context)")
  var stride: Int?

  @Flag(help: "With --json: also each document's bytes, tokens and nats.")
  var perDocument = false

  @OptionGroup var probes: ProbeArguments
  @OptionGroup var documents: DocumentOptions
  @OptionGroup var common: CommonOptions

  mutating func validate() throws {
    try checkRange("--context", context, 1...tokenCountLimit)
    try checkRange("--stride", stride, 1...tokenCountLimit)
    try checkRange("--byte-window", byteWindow, 1...tokenCountLimit)
    if let context, let stride, stride > context {
      throw ValidationError("--stride must be at most the context of \(context), not \(stride)")
    }
    if base == nil, drift || byteWindow != nil {
      throw ValidationError("\(drift ? "--drift" : "--byte-window") needs --base")
    }
    if corpus.isEmpty, !drift, probes.chosen != [.parallel] {
      throw ValidationError("--corpus is needed, unless for --drift or --probes parallel")
    }
    let reserved = [drift ? "drift" : nil, probes.parallel.isEmpty ? nil : "parallel"]
    if let name = (try? namedPaths(corpus))?.map(\.name).first(where: reserved.contains) {
      throw ValidationError("a corpus cannot be called \(name) here, which is a result's name")
    }
  }

  func run() throws {
    let console = common.start()
    var job = try EvaluationJob(self, console)
    try job.measure(console)
    console.finishProgress()
    if common.json {
      try console.printJSON(.object(job.record))
    } else {
      try writeToStandardOutput(job.text)
    }
  }
}
