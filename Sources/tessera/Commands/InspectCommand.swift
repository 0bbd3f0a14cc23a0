import ArgumentParser
import TesseraBasics
import TesseraCorpora
import TesseraTokenizers
import TesseraVocabulary

/// `tessera inspect PATH`: a tokenizer, a model or a corpus, explained and audited.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Explain and audit a tokenizer, a model or a corpus.",
    discussion: """
      Of a tokenizer: tokens that no text has and no other token is made of, merges that are there \
      twice, IDs that no token has, special tokens that plain text gives, texts that do not come \
      back, and more. A byte that is no text is shown as <0xA1>. Of a \
      model directory as well: tensors, rows that were hardly trained, and whether vocabulary, \
      configuration and weights agree. Of a corpus: documents, scripts, bytes that are no UTF-8, and \
      duplicates. Facts are worth knowing; with a fault the exit status is 1. --json lists the first \
      \(AuditResult.findingLimit) findings of each audit.

      The first line says what the path was taken for. A folder is what its files say: with a \
      configuration and weights a model, with one of \(Tokenizer.fileNames.joined(separator: ", ")) a \
      tokenizer, and else a corpus, unless folders in it are models or tokenizers.

      Of a model that was extended, --token or --token-id tells where a token's rows are from.

      Examples:
        tessera inspect models/base-en
        tessera inspect extended-ko --token " 한국"
      """)

  @Argument(
    help: "A tokenizer, a model directory, or a file or folder of text; - is standard input.",
    completion: .file())
  var path: String

  @Option(
    name: .customLong("as"),
    help: """
      What the path is: \(InspectedKind.allCases.map(\.rawValue).joined(separator: ", ")). (default: \
      by the files that are there)
      """)
  var kind: InspectedKind?

  @Option(
    help: "How text is split, for a rank file or a vocab.json that does not say it.",
    transform: PreTokenizerPattern.parse)
  var pattern: PreTokenizerPattern?

  @Option(
    help: ArgumentHelp(
      "Of a model: tell of the tokens of this text alone, and where their rows are from.",
      valueName: "text"))
  var token: String?

  @Option(help: ArgumentHelp("The same for the token with an ID.", valueName: "id"))
  var tokenId: Int?

  @OptionGroup var tensors: TokenTensorOptions
  @OptionGroup var documents: DocumentOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if token != nil, tokenId != nil {
      throw ValidationError("--token and --token-id exclude each other")
    }
    if token == "" { throw ValidationError("--token must not be empty") }
  }

  func run() throws {
    let console = common.start()
    Interruption.install()
    let kind = try self.kind ?? InspectedKind(of: path)
    if kind == .corpus, pattern != nil {
      throw UsageError("--pattern is for tokenizers and models, and \(path) is a corpus")
    }
    if kind != .corpus, let option = documents.givenOption {
      throw UsageError("\(option) is for a corpus, and \(path) is a \(kind.rawValue)")
    }
    if kind != .model, let option = tensors.givenOption {
      throw UsageError("\(option) is for a model, and \(path) is a \(kind.rawValue)")
    }
    if token != nil || tokenId != nil {
      guard kind == .model else {
        throw UsageError(
          "--token and --token-id are for a model, and \(path) is a \(kind.rawValue)")
      }
      return try tellTokens(console)
    }
    let report: InspectionReport
    switch kind {
    case .model:
      report = try InspectionReport(
        ofModelIn: path, names: tensors.names, pattern: pattern, console: console)
    case .tokenizer:
      let tokenizer = try Tokenizer(contentsOf: path, pattern: pattern)
      report = try console.during("auditing") {
        try InspectionReport(of: tokenizer, directory: folder)
      }
    case .corpus:
      report = try InspectionReport(
        of: documents.corpus([path], keepsEmptyDocuments: true), progress: console.progress)
    }
    console.finishProgress()
    try Interrupted.check()
    if common.json {
      try console.printJSON(report.record(path: path, kind: kind))
    } else {
      try writeToStandardOutput(report.text(kind: kind))
    }
    if report.hasFailed { throw ExitCode(ExitStatus.checkFailed.rawValue) }
  }

  /// Tells where the rows of some tokens are from.
  private func tellTokens(_ console: Console) throws {
    let inspection = TokenInspection(
      tokenizer: try Tokenizer(contentsOf: path, pattern: pattern),
      origins: try TokenOrigins(modelDirectory: path))
    let tokens = try inspection.tokens(text: token, id: tokenId)
    if common.json {
      try console.printJSON(
        ["path": .string(path), "tokens": .array(tokens.map { try inspection.record(of: $0) })])
    } else {
      try writeToStandardOutput(tokens.map { try inspection.text(of: $0) }.joined(separator: "\n"))
    }
  }

  /// The folder whose other files belong to the tokenizer.
  private var folder: String? {
    if Path.isDirectory(path) { return path }
    return Path.lastComponent(of: path) == "tokenizer.json" ? Path.directory(of: path) : nil
  }
}
