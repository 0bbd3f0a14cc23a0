/// What is wrong with the data that an encoder is to be trained on.
public enum MaskingError: Error, Equatable, Sendable {
  /// The tokenizer lacks a token that every sequence needs; or its end-of-text token is another one.
  case noEncoderToken(tokenizer: String, role: EncoderTokens.Role)
  /// A line of a file of spans is not `{"document": N, "spans": [[START, END], …]}`.
  case malformedSpans(path: String, line: Int, reason: String)
  /// A file of spans has a document that the corpus has not.
  case noSuchDocument(path: String, document: Int, count: Int)
  /// A span reaches past the end of its document.
  case spanOutside(path: String, document: Int, span: Range<Int>, size: Int)
  /// A line of sentence pairs is not two fields with a tab between them.
  case malformedPair(path: String, line: Int, tabCount: Int)
  /// Files have no pair of sentences.
  case noPairs(paths: [String])
  /// A sequence is too short for any text between the tokens around it.
  case sequenceTooShort(length: Int, needed: Int)
  /// Something is asked for that sequences of encoders do not have.
  case notForEncoders(String)
  /// Something needs a model that predicts the next token.
  case predictsMaskedTokens(purpose: String)
}

extension MaskingError: CustomStringConvertible {
  /// One sentence: what was found, and what was expected.
  public var description: String {
    switch self {
    case .noEncoderToken(let tokenizer, let role):
      "\(tokenizer) has no \(role.rawValue) token for an encoder; an added token "
        + role.names.joined(separator: " or ") + " is expected"
        + (role == .separator ? ", the one that ends a text" : "")
    case .malformedSpans(let path, let line, let reason):
      "\(path), line \(line): \(reason); {\"document\": 0, \"spans\": [[0, 5]]} is expected, with "
        + "spans of bytes that rise and do not overlap"
    case .noSuchDocument(let path, let document, let count):
      "\(path) has spans of document \(document), from 0, and the corpus has \(count) documents"
    case .spanOutside(let path, let document, let span, let size):
      "\(path): the span [\(span.lowerBound), \(span.upperBound)] of document \(document), from 0, "
        + "ends behind the \(size) bytes of the document"
    case .malformedPair(let path, let line, let tabCount):
      "\(path), line \(line): \(tabCount) tabs; a sentence, a tab and its translation are expected"
    case .noPairs(let paths):
      "\(paths.joined(separator: ", ")) has no pair of sentences"
    case .sequenceTooShort(let length, let needed):
      "sequences of \(length) tokens are too short for an encoder, which needs \(needed)"
    case .notForEncoders(let part):
      "\(part) is for models that predict the next token, and this one predicts masked tokens"
    case .predictsMaskedTokens(let purpose):
      "\(purpose) needs a model that predicts the next token, and this one predicts masked tokens"
    }
  }
}
