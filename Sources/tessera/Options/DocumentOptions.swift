import ArgumentParser
import TesseraCorpora

/// How a corpus file is cut into documents.
struct DocumentOptions: ParsableArguments {
  @Flag(help: "One document a line, instead of one a file.")
  var lines = false

  @Flag(help: "One document a paragraph (blank lines between), instead of one a file.")
  var paragraphs = false

  @Option(help: "The field of .jsonl files that holds the text.")
  var textField = "text"

  mutating func validate() throws {
    if lines && paragraphs {
      throw ValidationError("--lines and --paragraphs exclude each other")
    }
  }

  /// The corpus made of `paths` under these options.
  func corpus(_ paths: [String]) throws(CorpusError) -> Corpus {
    let boundary: DocumentBoundary = lines ? .lines : paragraphs ? .paragraphs : .file
    return try Corpus(
      paths: paths, options: CorpusOptions(textField: textField, documents: boundary))
  }
}
