import TesseraTokenizers
import TesseraVocabulary

/// What only a command can find wrong.
enum CommandError: Error, Equatable, CustomStringConvertible {
  /// A text that a model should read holds no token.
  case emptyText(file: String)
  /// A corpus holds no text at all.
  case emptyCorpus(paths: [String])
  /// A tokenizer that training needs has no token for the end of a text.
  case noEndOfText(tokenizer: String)
  /// A part of a tokenizer cannot be written beside the model that is to be trained.
  case notForModels(tokenizer: String, part: String)
  /// The folder of a run holds a model with other tokens than the corpus gives now.
  case otherNewTokens(folder: String)
  /// A corpus that should be a translation of another one has another number of documents.
  case unequalDocuments(corpus: String, count: Int, reference: String, expected: Int)
  /// A file names a token that the tokenizer lacks.
  case unknownToken(file: String, line: Int, token: String)
  /// Standard input would have to be read twice.
  case readTwice
  /// A file is not the report of a run of `adapt`.
  case malformedReport(path: String, reason: String)

  var description: String {
    switch self {
    case .emptyText(let file): "\(file) is empty: a text with at least one token was expected"
    case .emptyCorpus(let paths):
      paths.map { $0 == "-" ? "standard input" : $0 }.joined(separator: ", ")
        + (paths.count == 1 ? " has" : " have") + " no text"
    case .noEndOfText(let tokenizer):
      "the tokenizer \(tokenizer) has no token that ends a text, and training needs one between "
        + "documents; train it with --special '<|endoftext|>'"
    case .notForModels(let tokenizer, let part):
      "\(tokenizer) cannot be the tokenizer of a model: a tokenizer.json cannot express \(part); "
        + "take another tokenizer, or train one with `tessera train`"
    case .otherNewTokens(let folder):
      "the model in \(folder) has other new tokens than the corpus gives now; resume with the files "
        + "of the first call, or start over with --force"
    case .unequalDocuments(let corpus, let count, let reference, let expected):
      "the corpus \(corpus) has \(count) documents and \(reference) has \(expected), so they are no "
        + "translations of each other, document for document; compare them by --parity-unit bytes"
    case .unknownToken(let file, let line, let token):
      "\(file), line \(line): \"\(token.prefix(60))\" is no token"
    case .readTwice:
      "the corpus is read for tokens and again for vectors, which standard input cannot be; give a "
        + "file, or --vectors"
    case .malformedReport(let path, let reason):
      "\(path) is not a report of tessera adapt: \(reason)"
    }
  }
}

/// Does something with a corpus, and names its files where the library says that it is empty.
func namingCorpus<Result>(_ paths: [String], _ work: () throws -> Result) throws -> Result {
  do {
    return try work()
  } catch TrainingError.emptyCorpus, VocabularyError.training(.emptyCorpus) {
    throw CommandError.emptyCorpus(paths: paths)
  }
}
