public import TesseraBasics

/// What is wrong with a tokenizer's files, its parts, or what it was asked.
///
/// What is wrong with the content of a file is wrapped in ``inFile(path:line:_:)``; ``cause`` is
/// the error without the place.
public enum TokenizerError: Error, Equatable, Sendable {
  /// A file cannot be read or written.
  case file(FileError)
  /// Something is wrong with the content of a file, in a line if one is to blame, counted from 1.
  indirect case inFile(path: String, line: Int?, TokenizerError)
  /// Something is wrong with a member of a JSON file.
  indirect case inMember(path: String, TokenizerError)
  /// A file is not JSON.
  case json(path: String, JSONError)
  /// A file or folder holds no tokenizer that is known.
  case notATokenizer(path: String, found: String)
  /// A member of a JSON file is missing or has another type.
  case malformed(member: String, expected: String)
  /// The bytes of a file are not what its format has there.
  case malformedBytes(offset: Int, expected: String)
  /// A part of a file does not have its checksum.
  case damaged(part: String)
  /// A part of a tokenizer that cannot be reproduced exactly.
  case unsupported(part: String, name: String, advice: String)
  /// A format cannot say what a tokenizer does.
  case notExpressible(format: TokenizerFormat, part: String, advice: String)
  /// A tokenizer that was written gives other tokens for a text.
  case otherTokens(text: String)
  /// A regular expression that cannot split text here.
  case expression(String, ExpressionError)
  /// A line of a rank file is not a base64 token and a rank.
  case malformedLine(path: String, line: Int, expected: String)
  /// A rank file or a vocab.json says nothing about its pattern.
  case missingPattern(path: String)
  /// Two entries of a vocabulary have the same ID.
  case duplicateID(TokenID, first: String, second: String)
  /// Two entries of a vocabulary have the same bytes.
  case duplicateToken(String, first: TokenID, second: TokenID)
  /// A token without bytes.
  case emptyToken(TokenID)
  /// A token with too many bytes.
  case tokenTooLong(TokenID, size: Int, limit: Int)
  /// An ID below zero.
  case negativeID(Int, token: String)
  /// An ID that no vocabulary needs.
  case idTooLarge(Int, limit: Int)
  /// More entries than are accepted.
  case tooMany(of: String, limit: Int)
  /// No token stands for a byte, so some text could not be encoded.
  case missingByte(UInt8)
  /// A merge names a token that the vocabulary lacks.
  case mergeOutOfVocabulary(rank: Int, token: String)
  /// A merge is not two tokens.
  case malformedMerge(rank: Int, found: String)
  /// A new merge has the pair of an older one.
  case repeatedMerge(left: TokenID, right: TokenID)
  /// An added token would get another ID from tokenizers than the file says.
  case addedTokenMoved(String, stated: TokenID, assigned: TokenID)
  /// A text contains a special token, and the policy forbids it. The offset is in bytes of the
  /// text. For a text that arrives in pieces it is nil where normalization has changed the text before
  /// the token was found.
  case specialTokenInText(String, offset: Int?)
  /// What the tokenizer's file makes of a text before it is merged is far longer than the text.
  case textGrowsTooLong(size: Int, limit: Int)
  /// A token ID is outside the vocabulary.
  case unknownToken(TokenID, vocabularySize: Int)
  /// The ID of a new token is taken.
  case occupiedID(TokenID)
  /// An added token that something else needs was to be removed, or an ID that no added token has.
  case addedTokenNeeded(TokenID)
  /// The token for text that no other covers is not in the vocabulary.
  case unknownTokenMissing(String)
  /// A model's maximal length leaves no room for the tokens that are added around a text.
  case truncationTooShort(length: Int, added: Int)
  /// Pieces of a text would overlap by all of their length.
  case strideTooLong(Int, length: Int)
  /// Something needs a second text, and there is one.
  case noSecondText
  /// The text that is to be cut has no more tokens than are to be cut off.
  case textTooShortToTruncate(length: Int, excess: Int)
  /// The process was asked to stop.
  case interrupted
}

extension TokenizerError: CustomStringConvertible {
  /// One sentence: what was found, and what was expected.
  public var description: String {
    switch self {
    case .file(let error): "\(error)"
    case .inFile(let path, let line, let error):
      line.map { "\(path), line \($0): \(error)" } ?? "\(path): \(error)"
    case .inMember(let path, let error): "\(path): \(error)"
    case .json(let path, let error): "\(path): \(error)"
    case .notATokenizer(let path, let found):
      "\(path) is no tokenizer: \(found); expected tokenizer.json, a rank file (.tiktoken), vocab.json "
        + "with merges.txt, a SentencePiece model, tekken.json, tokenizer.tessera, or a folder with one "
        + "of them"
    case .malformed(let member, let expected): "\(member) is not \(expected)"
    case .malformedBytes(let offset, let expected): "expected \(expected) at byte \(offset)"
    case .damaged(let part):
      "\(part) does not have the checksum that the file states; the file is damaged"
    case .unsupported(let part, let name, let advice):
      "the \(part) \(name.shortened(to: Self.nameSizeLimit)) is not supported"
        + (advice.isEmpty ? "" : "; \(advice)")
    case .notExpressible(let format, let part, let advice):
      "the format \(format.rawValue) cannot express \(part): \(advice)"
    case .otherTokens(let text):
      "what was written gives other tokens for the text \"\(text.shortened())\"; it was not kept"
    case .expression(let text, let error):
      "the pattern \(text.shortened(to: Self.nameSizeLimit)) cannot be used: \(error)"
    case .malformedLine(let path, let line, let expected):
      "\(path), line \(line): expected \(expected)"
    case .missingPattern(let path):
      "\(path) does not say how text is split; name it with --pattern"
    case .duplicateID(let id, let first, let second):
      "the ID \(id) is given to both \"\(first.shortened())\" and \"\(second.shortened())\""
    case .duplicateToken(let token, let first, let second):
      "the token \"\(token.shortened())\" has two IDs, \(first) and \(second)"
    case .emptyToken(let id): "the token with the ID \(id) is empty"
    case .tokenTooLong(let id, let size, let limit):
      "the token with the ID \(id) has \(size) bytes, and the limit is \(limit)"
    case .negativeID(let id, let token):
      "the token \"\(token.shortened())\" has the ID \(id), which is negative"
    case .idTooLarge(let id, let limit): "the ID \(id) is above the limit of \(limit)"
    case .tooMany(let what, let limit): "there are more than \(limit) \(what), which is the limit"
    case .missingByte(let byte):
      "no token stands for the byte \(byte), so some text could not be encoded"
    case .mergeOutOfVocabulary(let rank, let token):
      "merge \(rank) needs the token \"\(token.shortened())\", which is not in the vocabulary"
    case .malformedMerge(let rank, let found):
      "merge \(rank) is \(found), and not two tokens"
    case .repeatedMerge(let left, let right): "the tokens \(left) and \(right) are merged already"
    case .addedTokenMoved(let token, let stated, let assigned):
      "the added token \"\(token.shortened())\" has the ID \(stated) in the file, but tokenizers "
        + "would give it \(assigned)"
    case .specialTokenInText(let token, let offset):
      "the text contains the special token \"\(token.shortened())\""
        + (offset.map { " at byte \($0)" } ?? "")
    case .textGrowsTooLong(let size, let limit):
      "normalizer and pre-tokenizer make more than \(limit) bytes of a text of \(size), which is the "
        + "limit"
    case .unknownToken(let id, let vocabularySize):
      "there is no token \(id) in a vocabulary of \(vocabularySize)"
    case .occupiedID(let id): "the ID \(id) for a new token is already taken"
    case .addedTokenNeeded(let id):
      "the ID \(id) is not that of an added token that merges, post-processing and padding do without"
    case .unknownTokenMissing(let token):
      "the unk_token \"\(token.shortened())\" is not in the vocabulary"
    case .truncationTooShort(let length, let added):
      "truncation to \(length) tokens leaves no room for the \(added) that are added"
    case .strideTooLong(let stride, let length):
      "a stride of \(stride) is not below the \(length) tokens that truncation leaves of a text"
    case .noSecondText: "truncation or the template needs a second text, and there is one"
    case .textTooShortToTruncate(let length, let excess):
      "a text of \(length) tokens cannot be cut by \(excess)"
    case .interrupted: "interrupted"
    }
  }

  /// The most bytes of a part's name that a message shows: patterns are long.
  private static let nameSizeLimit = 240

  /// The bytes of a token as people can read them: text, and `<0xA1>` for a byte of no character.
  static func text(of bytes: Span<UInt8>) -> String {
    var text: [UInt8] = []
    var position = 0
    while position < bytes.count {
      let (code, size) = UTF8Decoding.scalar(in: bytes, at: position)
      if code == nil {
        text += ByteFallback.spelling(of: bytes[position])
      } else {
        for index in position..<position + size { text.append(bytes[index]) }
      }
      position += size
    }
    return String(decoding: text, as: UTF8.self)
  }
}

extension TokenizerError {
  /// The error without the file, the line and the member in which it was found.
  public var cause: TokenizerError {
    switch self {
    case .inFile(_, _, let error), .inMember(_, let error): error.cause
    default: self
    }
  }

  /// The error with the file, and the line if one is to blame; the same where it names a file.
  ///
  ///     do { text = try tokenizer.decode(ids) } catch { throw error.located(in: path, line: 7) }
  public func located(in path: String, line: Int? = nil) -> TokenizerError {
    switch self {
    case .file, .inFile, .json, .notATokenizer, .malformedLine, .missingPattern: self
    default: .inFile(path: path, line: line, self)
    }
  }
}

extension String {
  /// The text on one line and of bounded size, for a message.
  ///
  /// Control characters, invisible ones, and separators of lines are escaped as Swift writes them.
  /// What is longer than the limit is cut between characters and ends with `…`.
  package func shortened(to sizeLimit: Int = 60) -> String {
    var result = ""
    var size = 0
    for scalar in unicodeScalars {
      let properties = scalar.properties.generalCategory
      let isBreaking =
        properties == .control || properties == .lineSeparator
        || properties == .paragraphSeparator || properties == .format
      let piece = isBreaking ? scalar.escaped(asASCII: true) : String(scalar)
      size += piece.utf8.count
      if size > sizeLimit { return result + "…" }
      result += piece
    }
    return result
  }
}
