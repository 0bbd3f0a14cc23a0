public import TesseraBasics

/// What is wrong with a tokenizer's files, its parts, or what it was asked.
public enum TokenizerError: Error, Equatable, Sendable {
  /// A file cannot be read or written.
  case file(FileError)
  /// A file is not JSON.
  case json(path: String, JSONError)
  /// A file or folder holds no tokenizer that is known.
  case notATokenizer(path: String, found: String)
  /// A member of a JSON file is missing or has another type.
  case malformed(member: String, expected: String)
  /// A part of a tokenizer that cannot be reproduced exactly.
  case unsupported(part: String, name: String, advice: String)
  /// A line of a rank file is not a base64 token and a rank.
  case malformedLine(path: String, line: Int, expected: String)
  /// A rank file says nothing about its pattern.
  case missingPattern(path: String)
  /// A pattern that is not known.
  case unknownPattern(String, known: [String])
  /// Two entries of a vocabulary have the same ID.
  case duplicateID(TokenID, first: String, second: String)
  /// Two entries of a vocabulary have the same bytes.
  case duplicateToken(String, first: TokenID, second: TokenID)
  /// A token without bytes.
  case emptyToken(TokenID)
  /// A token with too many bytes.
  case tokenTooLong(TokenID, size: Int, limit: Int)
  /// An ID that no vocabulary needs.
  case idTooLarge(Int, limit: Int)
  /// More entries than are accepted.
  case tooMany(of: String, count: Int, limit: Int)
  /// No token stands for a byte, so some text could not be encoded.
  case missingByte(UInt8)
  /// A merge names a token that the vocabulary lacks.
  case mergeOutOfVocabulary(rank: Int, token: String)
  /// A merge is not two tokens.
  case malformedMerge(rank: Int, found: String)
  /// An added token would get another ID from tokenizers than the file says.
  case addedTokenMoved(String, stated: TokenID, assigned: TokenID)
  /// A text contains a special token, and the policy forbids it.
  case specialTokenInText(String, offset: Int)
  /// A token ID is outside the vocabulary.
  case unknownToken(TokenID, vocabularySize: Int)
  /// The ID of a new token is taken.
  case occupiedID(TokenID)
}

extension TokenizerError: CustomStringConvertible {
  /// One sentence: what was found, and what was expected.
  public var description: String {
    switch self {
    case .file(let error): "\(error)"
    case .json(let path, let error): "\(path): \(error)"
    case .notATokenizer(let path, let found):
      "\(path) is no tokenizer: \(found); expected a folder with tokenizer.json, a tokenizer.json, "
        + "or a rank file ending in .tiktoken"
    case .malformed(let member, let expected): "\(member) is not \(expected)"
    case .unsupported(let part, let name, let advice):
      "the \(part) \(name) is not supported" + (advice.isEmpty ? "" : "; \(advice)")
    case .malformedLine(let path, let line, let expected):
      "\(path), line \(line): expected \(expected)"
    case .missingPattern(let path):
      "\(path) is a rank file, which does not say how text is split; name it with --pattern"
    case .unknownPattern(let name, let known):
      "there is no pattern \"\(name)\"; known are \(known.joined(separator: ", "))"
    case .duplicateID(let id, let first, let second):
      "the ID \(id) is given to both \"\(first)\" and \"\(second)\""
    case .duplicateToken(let token, let first, let second):
      "the token \"\(token)\" has two IDs, \(first) and \(second)"
    case .emptyToken(let id): "the token with the ID \(id) is empty"
    case .tokenTooLong(let id, let size, let limit):
      "the token with the ID \(id) has \(size) bytes, and the limit is \(limit)"
    case .idTooLarge(let id, let limit): "the ID \(id) is above the limit of \(limit)"
    case .tooMany(let what, let count, let limit):
      "there are \(count) \(what), and the limit is \(limit)"
    case .missingByte(let byte):
      "no token stands for the byte \(byte), so some text could not be encoded"
    case .mergeOutOfVocabulary(let rank, let token):
      "merge \(rank) needs the token \"\(token)\", which is not in the vocabulary"
    case .malformedMerge(let rank, let found):
      "merge \(rank) is \(found), and not two tokens"
    case .addedTokenMoved(let token, let stated, let assigned):
      "the added token \"\(token)\" has the ID \(stated) in the file, but tokenizers would give it "
        + "\(assigned)"
    case .specialTokenInText(let token, let offset):
      "the text contains the special token \"\(token)\" at byte \(offset)"
    case .unknownToken(let id, let vocabularySize):
      "there is no token \(id) in a vocabulary of \(vocabularySize)"
    case .occupiedID(let id): "the ID \(id) for a new token is already taken"
    }
  }

  /// The bytes of a token as people can read them.
  static func text(of bytes: Span<UInt8>) -> String {
    var copy: [UInt8] = []
    for index in bytes.indices { copy.append(bytes[index]) }
    return String(validating: copy, as: UTF8.self) ?? ByteAlphabet.string(for: copy)
  }
}
