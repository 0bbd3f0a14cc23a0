public import TesseraBasics
public import TesseraTokenizers

/// What can go wrong with files of tokens.
public enum ShardError: Error, Equatable, Sendable {
  /// A file cannot be read or written.
  case file(FileError)
  /// A format's tokens have two bytes, and the vocabulary has more IDs than they hold.
  case vocabularyTooLarge(format: ShardFormat, size: Int, limit: Int)
  /// A format's width of tokens follows from the vocabulary alone.
  case fixedWidth(format: ShardFormat, bytesPerToken: Int)
  /// A shard was asked for that is larger than a format allows.
  case shardTooLarge(format: ShardFormat, tokens: Int, limit: Int)
  /// A format has one shard for all of a part of a corpus.
  case oneShard(format: ShardFormat)
  /// A document has more tokens than a format can say.
  case documentTooLong(path: String, document: Int, tokens: Int, limit: Int)
  /// There is no document to train on.
  case noDocuments(source: String)
  /// The tokens of a document do not stand for its bytes.
  case bytesDiffer(file: String, line: Int, tokenBytes: Int, documentBytes: Int)
  /// A path is neither a folder of shards nor a file of a known format.
  case notShards(path: String)
  /// A file does not hold what its format asks for at an offset.
  case malformed(path: String, offset: Int, expected: String)
  /// A file's content is not what was written.
  case damaged(path: String, part: String)
  /// A number in a file or a record is not what the rest of it says.
  case disagrees(path: String, quantity: String, found: Int, expected: Int)
  /// A token is not in the vocabulary.
  case outOfVocabulary(path: String, position: Int, token: TokenID, vocabularySize: Int)
  /// Shards are of a format that is not trained from.
  case otherFormat(path: String, format: ShardFormat)
  /// The tokenizer encodes a document, by its number in the part, to other tokens.
  case otherTokens(path: String, document: Int, part: ShardPart)
  /// Shards were made with another tokenizer.
  case otherTokenizer(path: String)
  /// The corpus is not the one that shards were made of.
  case otherCorpus(path: String, quantity: String, found: String, expected: String)
  /// The tokens of a document, by its number in the part, are not those of the corpus.
  case otherDocument(path: String, document: Int, part: ShardPart)
  /// The user wishes to stop.
  case interrupted
}

extension ShardError: CustomStringConvertible {
  /// One sentence: what was found, where, and what was expected.
  public var description: String {
    switch self {
    case .file(let error): "\(error)"
    case .vocabularyTooLarge(let format, let size, let limit):
      "\(format.rawValue) with two bytes a token holds vocabularies of up to \(limit) tokens, and the "
        + "tokenizer has \(size); say --token-bytes 4, or take another --format"
    case .fixedWidth(let format, let bytesPerToken):
      "the vocabulary alone decides how many bytes a token of \(format.rawValue) has; "
        + "--token-bytes \(bytesPerToken) is for llmc, nanotron and raw"
    case .shardTooLarge(let format, let tokens, let limit):
      "a shard of \(format.rawValue) has at most \(limit) tokens with this vocabulary, not \(tokens)"
    case .oneShard(let format):
      "\(format.rawValue) has one file for all tokens; --shard-tokens is for the other formats"
    case .documentTooLong(let path, let document, let tokens, let limit):
      "\(path): document \(document), from 0, has \(tokens) tokens, and the format allows \(limit)"
    case .noDocuments(let source):
      "\(source) has no document to train on; --paragraphs or --lines make several out of a file"
    case .bytesDiffer(let file, let line, let tokenBytes, let documentBytes):
      "\(file), line \(line): the document's tokens stand for \(tokenBytes) bytes, and it has "
        + "\(documentBytes)"
    case .notShards(let path):
      "\(path) is neither a folder of shards nor a file of tokens of a format that is known"
    case .malformed(let path, let offset, let expected):
      "\(path), byte \(offset): expected \(expected)"
    case .damaged(let path, let part):
      "\(path) is damaged: the checksum of \(part) is not the one that was noted"
    case .disagrees(let path, let quantity, let found, let expected):
      "\(path): \(quantity) is \(found), expected \(expected)"
    case .outOfVocabulary(let path, let position, let token, let vocabularySize):
      "\(path): token \(position), from 0, is \(token), and the vocabulary has \(vocabularySize) IDs"
    case .otherFormat(let path, let format):
      "\(path) has shards for other programs (\(format.rawValue)); train from the text, or from shards of "
        + "--format tessera"
    case .otherTokens(let path, let document, let part):
      "\(path): the tokenizer splits document \(document), from 0, of the \(part.rawValue) part into other "
        + "tokens; make the shards again with it"
    case .otherTokenizer(let path):
      "\(path) was made with another tokenizer: its IDs stand for other tokens; make it again with "
        + "`tessera shard`"
    case .otherCorpus(let path, let quantity, let found, let expected):
      "the corpus is not the one that \(path) was made of: \(quantity) is \(found), expected "
        + "\(expected)"
    case .otherDocument(let path, let document, let part):
      "\(path): document \(document), from 0, of the \(part.rawValue) part does not decode to that of "
        + "the corpus"
    case .interrupted: "interrupted"
    }
  }
}
