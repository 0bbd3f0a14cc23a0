import ArgumentParser
import TesseraBasics
import TesseraCorpora
import TesseraTokenizers

/// `tessera measure --tokenizer PATH CORPUS…`: how well tokenizers serve corpora.
struct MeasureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "measure",
    abstract: "Measure how well tokenizers serve corpora.",
    discussion: """
      For each tokenizer and corpus: bytes and characters for each token; tokens and pre-tokens for \
      each word; the share of words that lie within one token; the share of tokens that are one \
      byte; and parity, the tokens for each byte (or document) as a multiple of those of the \
      reference. A word is what white space parts, and in scripts without spaces a letter. For each \
      tokenizer over all corpora: IDs that are never used; Rényi's (order 2.5) and Shannon's \
      efficiency, 1 where all tokens are used equally often; and the Gini coefficient of several \
      corpora's tokens for each byte (or document), 0 where all are served the same.

      Large documents are measured in pieces, in little memory. A tokenizer whose steps look at all \
      of a text, such as one of SentencePiece, needs some hundred bytes for each byte of the largest \
      document: give it smaller ones, with --lines or --paragraphs.

      Example:
        tessera measure en=corpora-samples/en hi=corpora-samples/hi \\
          --tokenizer models/base-en
      """)

  @Option(
    help: "A tokenizer: a folder or file of any format that convert reads. (repeatable)",
    completion: .file())
  var tokenizer: [String]

  @Option(
    help: "How text is split, for a rank file or a vocab.json that does not say it.",
    transform: PreTokenizerPattern.parse)
  var pattern: PreTokenizerPattern?

  @Argument(
    help: "Corpora as NAME=PATH, or PATH; a name given several times joins its paths.",
    completion: .file())
  var corpus: [String]

  @Option(help: "The corpus that others are compared with. (default: the first)")
  var reference: String?

  @Option(
    help: """
      What tokens are compared with: the bytes of each corpus, or its documents, for corpora that are \
      translations of each other.
      """)
  var parityUnit = ParityUnit.bytes

  @OptionGroup var documents: DocumentOptions
  @OptionGroup var common: CommonOptions

  func run() throws {
    let console = common.start()
    Interruption.install()
    let named = try namedPaths(corpus)
    let names = named.map(\.name)
    guard let reference = names.firstIndex(of: reference ?? names[0]) else {
      throw UsageError(
        "--reference \(reference ?? "") is none of the corpora, which are "
          + names.joined(separator: ", "))
    }
    if tokenizer.count > 1, named.joinedPaths.contains("-") {
      throw UsageError("standard input can be read once, and several tokenizers are to be measured")
    }
    let corpora = try documents.corpora(named.map(\.paths))
    // What cannot be read is found before any work is done.
    let tokenizers = try tokenizer.map { try Tokenizer(contentsOf: $0, pattern: pattern) }
    var reports: [TokenizerReport] = []
    for (path, tokenizer) in zip(tokenizer, tokenizers) {
      let measurements = try zip(named, corpora).map { named, corpus in
        let found = try tokenizer.measurement(of: corpus, progress: console.progress)
        if found.tokenCount == 0 { throw CommandError.emptyCorpus(paths: named.paths) }
        return found
      }
      if parityUnit == .documents { try checkDocuments(measurements, names, reference) }
      reports.append(
        TokenizerReport(
          path: path, tokenizer: tokenizer, names: names, measurements: measurements,
          unit: parityUnit, reference: reference))
    }
    console.finishProgress()
    if common.json {
      try console.printJSON([
        "parity_unit": .string(parityUnit.rawValue), "reference": .string(names[reference]),
        "tokenizers": .array(reports.map(\.json)),
      ])
    } else {
      try writeToStandardOutput(TokenizerReport.tables(reports))
    }
  }

  /// Translations have as many documents as what they were translated from.
  private func checkDocuments(
    _ measurements: [TokenizerMeasurement], _ names: [String], _ reference: Int
  ) throws {
    let expected = measurements[reference].documentCount
    for (name, found) in zip(names, measurements) where found.documentCount != expected {
      throw CommandError.unequalDocuments(
        corpus: name, count: found.documentCount, reference: names[reference], expected: expected)
    }
  }
}

extension [(name: String, paths: [String])] {
  fileprivate var joinedPaths: [String] { flatMap(\.paths) }
}
