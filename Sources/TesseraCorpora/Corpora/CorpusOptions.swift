/// How documents are found in the files of a corpus.
public struct CorpusOptions: Hashable, Sendable {
  /// The field of a JSON line that holds the text.
  public var textField: String
  /// What ends a document in a text file.
  public var documents: DocumentBoundary
  /// What standard input holds: text, or a JSON object on each line.
  public var standardInput: CorpusFormat
  /// Whether documents without text are handed out too, so that documents can be counted against
  /// lines. They are left out by default: they teach nothing.
  public var keepsEmptyDocuments: Bool
  /// Fields of a JSON line beside the text that documents are handed out with.
  public var metadataFields: [String]

  /// Options; the defaults are those of the tool.
  public init(
    textField: String = "text", documents: DocumentBoundary = .file,
    standardInput: CorpusFormat = .text, keepsEmptyDocuments: Bool = false,
    metadataFields: [String] = []
  ) {
    self.textField = textField
    self.documents = documents
    self.standardInput = standardInput
    self.keepsEmptyDocuments = keepsEmptyDocuments
    self.metadataFields = metadataFields
  }
}

/// What ends a document in a text file.
public enum DocumentBoundary: String, Hashable, Sendable, CaseIterable {
  /// The file's end: a file is a document, with every byte it has.
  case file
  /// A line feed; it and a carriage return before it belong to no document.
  case lines
  /// A blank line, that is, one with nothing but spaces, tabs and a carriage return. The lines of
  /// a paragraph keep their ends but for the last one.
  case paragraphs
}

/// What a file holds.
public enum CorpusFormat: String, Hashable, Sendable {
  /// Text, in UTF-8. Bytes that are not UTF-8 are handed on as they are.
  case text
  /// A JSON object on each line, one of whose fields is a document's text.
  case jsonLines
}
