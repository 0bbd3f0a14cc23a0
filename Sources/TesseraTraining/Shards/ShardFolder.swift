public import TesseraBasics
public import TesseraTokenizers

/// A folder of shards of our own format, for training from.
///
/// Tokens stay in their files, which are mapped: only where documents end is held in memory, 16 bytes for
/// each. All tokens are read once before they are believed.
public struct ShardFolder: Sendable {
  /// Where it is.
  public let path: String
  /// What is in it.
  public let set: ShardSet
  private let tokenizer: Tokenizer

  /// How many documents of at most so many tokens show whether the tokenizer splits text in the same way.
  private static let sampleCount = 3
  private static let sampleSizeLimit = 1 << 16

  /// Opens a folder.
  ///
  /// - Parameters:
  ///   - path: The folder.
  ///   - tokenizer: The tokenizer of the model that is to be trained.
  /// - Throws: ``ShardError/otherFormat(path:format:)`` for shards of other programs,
  ///   ``ShardError/otherTokenizer(path:)``, and what ``ShardSet/init(folder:)`` does.
  public init(path: String, tokenizer: Tokenizer) throws(ShardError) {
    let set = try ShardSet(folder: path)
    guard set.layout.format == .tessera else {
      throw .otherFormat(path: path, format: set.layout.format)
    }
    guard SHA256.hexadecimal(tokenizer.vocabularyDigest) == set.vocabularySHA256 else {
      throw .otherTokenizer(path: path)
    }
    self.path = path
    self.set = set
    self.tokenizer = tokenizer
  }

  /// The documents of a part, in the order of the corpus.
  ///
  /// - Parameters:
  ///   - part: The part.
  ///   - progress: Gets the tokens that have been looked at.
  /// - Throws: ``ShardError`` where a file is not what it should be, or where documents are not the
  ///   tokens that the tokenizer gives.
  public func documents(
    of part: ShardPart, progress: ProgressHandler? = nil
  ) throws -> TokenizedDocuments {
    var tokens = MappedTokens(bytesPerToken: set.layout.bytesPerToken)
    var ends: [Int] = []
    var sizes: [Int] = []
    ends.reserveCapacity(set.documentCount(of: part))
    sizes.reserveCapacity(set.documentCount(of: part))
    for shard in set.shards(of: part) {
      progress?(
        ProgressUpdate(
          phase: "checking shards", completed: tokens.count, total: set.tokenCount(of: part),
          unit: "tokens"))
      if Interruption.isRequested { throw ShardError.interrupted }
      let reader = try checkedReader(of: shard)
      let start = tokens.count
      var first = 0
      while first < shard.documentCount {
        let last = min(shard.documentCount, first + NumberRun.blockCount)
        // The numbers were compared with the numbers of tokens and bytes.
        for document in try reader.documents(first..<last) {
          ends.append(start + Int(document.end))
          sizes.append(Int(document.size))
        }
        first = last
      }
      do {
        tokens.append(
          try MappedFile(path: reader.path, limit: .max), tokenCount: shard.tokenCount)
      } catch {
        throw ShardError.file(error)
      }
    }
    let documents = TokenizedDocuments(
      tokens: TokenArray(mapped: tokens), ends: ends, sizes: sizes, endOfText: set.endOfText)
    try checkSplitting(of: documents, part)
    return documents
  }

  /// A shard of which everything agrees with everything.
  private func checkedReader(of shard: Shard) throws(ShardError) -> TesseraShardReader {
    let reader = try TesseraShardReader(path: Path.join(path, shard.name))
    let header = reader.header
    guard SHA256.hexadecimal(header.vocabularyDigest) == set.vocabularySHA256 else {
      throw .otherTokenizer(path: reader.path)
    }
    for (quantity, found, expected) in [
      ("the width of tokens in bytes", header.bytesPerToken, set.layout.bytesPerToken),
      ("the size of the vocabulary", header.vocabularySize, set.vocabularySize),
      ("the end-of-text token", Int(header.endOfText), Int(set.endOfText)),
      ("the number of tokens", header.tokenCount, shard.tokenCount),
      ("the number of documents", header.documentCount, shard.documentCount),
      ("the size of all documents", header.byteCount, shard.byteCount),
    ] where found != expected {
      throw .disagrees(path: reader.path, quantity: quantity, found: found, expected: expected)
    }
    try reader.checkContents()
    try reader.checkDocuments()
    _ = try reader.tokens.scan(vocabularySize: set.vocabularySize, counting: nil)
    return reader
  }

  /// Sees to it that the tokenizer gives the tokens of the first documents, and not others that stand for
  /// the same text.
  private func checkSplitting(of documents: TokenizedDocuments, _ part: ShardPart) throws {
    guard tokenizer.keepsBytes else { return }
    let sample = (0..<documents.count).lazy
      .filter { documents.range(of: $0).count <= Self.sampleSizeLimit }.prefix(Self.sampleCount)
    for number in sample {
      let tokens = documents.text(of: number)
      guard try tokenizer.encode(tokenizer.decode(tokens)) == tokens else {
        throw ShardError.otherTokens(path: path, document: number, part: part)
      }
    }
  }

  /// The first documents of a part as text, up to a size, at least one if there is any.
  ///
  /// The text is the corpus's if the tokenizer changes none, else it is what remained.
  ///
  /// - Parameters:
  ///   - part: The part.
  ///   - sizeLimit: The most UTF-8 bytes of all of them.
  /// - Throws: As ``documents(of:progress:)`` does.
  public func texts(of part: ShardPart, sizeLimit: Int) throws -> [[UInt8]] {
    let documents = try documents(of: part)
    var texts: [[UInt8]] = []
    var size = 0
    for number in 0..<documents.count {
      size += documents.sizes[number]
      if number > 0, size > sizeLimit { break }
      texts.append(try tokenizer.decode(documents.text(of: number)))
    }
    return texts
  }
}

extension TokenizedDocuments {
  /// The tokens of a document, without its end-of-text token.
  fileprivate func text(of document: Int) -> [TokenID] {
    range(of: document).dropLast().map { tokens[$0] }
  }
}
