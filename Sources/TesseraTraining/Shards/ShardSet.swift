public import TesseraCorpora
public import TesseraTokenizers

/// A part of a corpus that is made into shards of its own.
public enum ShardPart: String, CaseIterable, Hashable, Sendable {
  /// What is trained on.
  case training = "train"
  /// What is never trained on.
  case validation
}

/// A shard: one file or several that belong together.
public struct Shard: Hashable, Sendable {
  /// A file of a shard.
  public struct File: Hashable, Sendable {
    /// Its path in the folder of shards.
    public var name: String
    /// Its size in bytes.
    public var size = 0
    /// The SHA-256 of its content.
    public var sha256 = ""
  }

  /// The path in the folder of shards by which programs find it; for Megatron without `.bin` and `.idx`.
  public var name: String
  /// The number of tokens, end-of-text tokens included.
  public var tokenCount = 0
  /// The number of documents; for llm.c of those that begin in the shard.
  public var documentCount = 0
  /// The number of UTF-8 bytes of its documents; for llm.c of those that end in the shard.
  public var byteCount = 0
  /// Its files.
  public var files: [File] = []
}

/// What is in a folder of shards: `shards.json` in it says the same.
public struct ShardSet: Hashable, Sendable {
  /// The name of the record in the folder.
  public static let recordName = "shards.json"

  /// Format and width of tokens.
  public var layout: ShardLayout
  /// The number of IDs of the vocabulary.
  public var vocabularySize: Int
  /// The SHA-256 of the vocabulary; see `Tokenizer.vocabularyDigest`.
  public var vocabularySHA256: String
  /// The token between documents.
  public var endOfText: TokenID
  /// The share of documents that the validation part was to have.
  public var heldOutShare: Double
  /// What was a document in text files.
  public var documents: DocumentBoundary
  /// The field of JSON lines that had the text.
  public var textField: String
  /// The SHA-256 of all documents of the corpus in their order, each followed by its size as eight bytes,
  /// little-endian.
  public var corpusSHA256: String
  /// The shards of the two parts, in the order of the corpus.
  public var shards: [ShardPart: [Shard]]

  /// The shards of a part.
  public func shards(of part: ShardPart) -> [Shard] { shards[part] ?? [] }

  /// The number of documents of a part.
  public func documentCount(of part: ShardPart) -> Int {
    shards(of: part).reduce(0) { $0 + $1.documentCount }
  }

  /// The number of tokens of a part, end-of-text tokens included.
  public func tokenCount(of part: ShardPart) -> Int {
    shards(of: part).reduce(0) { $0 + $1.tokenCount }
  }

  /// The number of UTF-8 bytes of a part.
  public func byteCount(of part: ShardPart) -> Int {
    shards(of: part).reduce(0) { $0 + $1.byteCount }
  }
}
