import ArgumentParser
import TesseraBasics
import TesseraCorpora

/// How a corpus file is cut into documents.
struct DocumentOptions: ParsableArguments {
  @Flag(help: "One document a line, instead of one a file.")
  var lines = false

  @Flag(help: "One document a paragraph (blank lines between), instead of one a file.")
  var paragraphs = false

  @Option(help: "The field of .jsonl files that holds the text.")
  var textField = DocumentOptions.textField

  /// The field where none is given.
  static let textField = "text"

  mutating func validate() throws {
    if lines && paragraphs {
      throw ValidationError("--lines and --paragraphs exclude each other")
    }
  }

  /// An option that is given, for where there are no documents to be cut.
  var givenOption: String? {
    lines
      ? "--lines" : paragraphs ? "--paragraphs" : textField != Self.textField ? "--text-field" : nil
  }

  /// The corpus made of paths under these options.
  func corpus(_ paths: [String], keepsEmptyDocuments: Bool = false) throws -> Corpus {
    try corpora([paths], keepsEmptyDocuments: keepsEmptyDocuments)[0]
  }

  /// The corpora made of lists of paths.
  ///
  /// Every file is opened once, so that what cannot be read is found before any work is done.
  ///
  /// - Throws: `CorpusError`, also where two of them would read standard input; `FileError`.
  func corpora(
    _ lists: [[String]], keepsEmptyDocuments: Bool = false, metadataFields: [String] = []
  ) throws -> [Corpus] {
    let boundary: DocumentBoundary = lines ? .lines : paragraphs ? .paragraphs : .file
    let options = CorpusOptions(
      textField: textField, documents: boundary, keepsEmptyDocuments: keepsEmptyDocuments,
      metadataFields: metadataFields)
    if lists.joined().count(where: { $0 == "-" }) > 1 { throw CorpusError.standardInputTwice }
    let corpora = try lists.map { try Corpus(paths: $0, options: options) }
    // Pipes and devices have no size, and may be opened only once.
    for file in corpora.flatMap(\.files) where file.byteCount != nil {
      _ = try InputFile(path: file.path)
    }
    return corpora
  }
}
