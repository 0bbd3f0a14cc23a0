import TesseraBasics
import TesseraTokenizers

/// What files of tokens say about the tokenizer that made them.
struct ShardVocabulary: Sendable {
  /// The number of IDs.
  let size: Int
  /// The SHA-256 of `Tokenizer.vocabularyDigest`.
  let digest: [UInt8]
  /// The token between documents.
  let endOfText: TokenID
  /// What people call the tokenizer.
  let name: String
}

/// Writes the documents of a part of a corpus, shard after shard.
///
/// A document is begun, gets its tokens in any number of calls, and is ended.
protocol ShardWriter: AnyObject {
  func beginDocument() throws(ShardError)
  func append(_ tokens: ArraySlice<TokenID>) throws(ShardError)
  /// Ends a document with the number of its UTF-8 bytes.
  func endDocument(byteCount: Int) throws(ShardError)
  /// Ends the last shard, and tells all of them; files have no hashes yet.
  func finish() throws(ShardError) -> [Shard]
}

/// The files of one shard while they are written.
protocol ShardFiles: AnyObject {
  /// How many tokens there are.
  var tokenCount: Int { get }
  func append(_ tokens: ArraySlice<TokenID>) throws(ShardError)
  /// Ends a document, whose end-of-text token was appended.
  func endDocument(byteCount: Int) throws(ShardError)
  /// Completes the files; returns their paths.
  func close() throws(ShardError) -> [String]
}

/// Shards that end with a document, whose end-of-text token stands behind it.
///
/// A shard ends with the document with which it has as many tokens as are wanted, so that where shards end
/// depends on the documents alone.
final class DocumentShardWriter: ShardWriter {
  private let folder: String
  private let part: ShardPart
  private let layout: ShardLayout
  private let vocabulary: ShardVocabulary
  private let tokenLimit: Int?
  private var files: (any ShardFiles)?
  private var shard = Shard(name: "")
  private var shards: [Shard] = []

  /// - Parameters:
  ///   - folder: Where the files are made.
  ///   - part: Which part of the corpus it is.
  ///   - layout: The format; not that of llm.c.
  ///   - vocabulary: That of the tokens.
  ///   - tokenLimit: The tokens with which a shard is full; nil is one shard.
  init(
    folder: String, part: ShardPart, layout: ShardLayout, vocabulary: ShardVocabulary,
    tokenLimit: Int?
  ) {
    self.folder = folder
    self.part = part
    self.layout = layout
    self.vocabulary = vocabulary
    self.tokenLimit = tokenLimit
  }

  func beginDocument() throws(ShardError) {
    if let tokenLimit, let files, files.tokenCount >= tokenLimit { try close() }
    if files == nil {
      shard = Shard(name: layout.format.shardName(of: part, number: shards.count))
      let path = Path.join(folder, shard.name)
      do {
        try createDirectory(Path.directory(of: path), durably: false)
      } catch {
        throw .file(error)
      }
      files = try makeFiles(path)
    }
  }

  func append(_ tokens: ArraySlice<TokenID>) throws(ShardError) { try files?.append(tokens) }

  func endDocument(byteCount: Int) throws(ShardError) {
    try append([vocabulary.endOfText])
    try files?.endDocument(byteCount: byteCount)
    shard.documentCount += 1
    shard.byteCount += byteCount
  }

  func finish() throws(ShardError) -> [Shard] {
    try close()
    return shards
  }

  private func close() throws(ShardError) {
    guard let files else { return }
    shard.tokenCount = files.tokenCount
    shard.files = try files.close().map { path in
      Shard.File(name: Path.relative(path, to: folder) ?? path)
    }
    shards.append(shard)
    self.files = nil
  }

  private func makeFiles(_ path: String) throws(ShardError) -> any ShardFiles {
    switch layout.format {
    case .tessera: try TesseraShardFiles(path: path, vocabulary, width: layout.bytesPerToken)
    case .megatron: try MegatronShardFiles(prefix: path, width: layout.bytesPerToken)
    case .nanotron: try NanotronShardFiles(path: path, vocabulary, width: layout.bytesPerToken)
    case .raw: try RawShardFiles(path: path, width: layout.bytesPerToken)
    case .llmc: preconditionFailure("shards of llm.c do not end with documents")
    }
  }
}

extension ShardFormat {
  /// The path of a shard in a folder of shards: what its programs look for, or, for Megatron, what they
  /// append `.bin` and `.idx` to.
  func shardName(of part: ShardPart, number: Int) -> String {
    switch self {
    case .tessera: "\(part.rawValue)-\(digits(number, 5)).shard"
    case .megatron: "\(part.rawValue)-\(digits(number, 5))"
    case .nanotron: "\(part.rawValue)/\(digits(number, 5))_tokens.ds"
    case .raw: "\(part.rawValue)/tokens.bin"
    // Shard 0 of llm.c's scripts is the one that is held out.
    case .llmc:
      part == .training
        ? "tessera_train_\(digits(number + 1, 6)).bin" : "tessera_val_\(digits(number, 6)).bin"
    }
  }

  private func digits(_ number: Int, _ count: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
  }
}
