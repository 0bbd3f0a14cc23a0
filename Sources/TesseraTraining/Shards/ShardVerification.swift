public import TesseraBasics
public import TesseraCorpora
public import TesseraTokenizers

/// What a look at all of a folder of shards, or at a single shard, finds.
public struct ShardVerification: Sendable {
  /// What is wrong, one sentence each; none if all is well.
  public private(set) var faults: [String] = []
  /// The shards that were looked at, by the name of each.
  public private(set) var shardNames: [String] = []
  /// The number of tokens in them.
  public private(set) var tokenCount = 0
  /// The number of documents in them, as far as it can be told.
  public private(set) var documentCount = 0
  /// The documents that were decoded and compared with those of the corpus.
  public private(set) var comparedDocumentCount = 0

  /// How many documents of each part are compared.
  static let sampleCount = 3

  /// Looks at a folder that has a record, or at shards of any program's.
  ///
  /// Of each shard sizes, numbers, checksums and documents are compared with each other, and every token
  /// with the vocabulary. What the record says counts as well, if there is one.
  ///
  /// - Parameters:
  ///   - path: The folder, or a file of a shard.
  ///   - tokenizer: The tokenizer that the shards are for; without one and without a record, tokens are
  ///     compared with what files say about the vocabulary themselves.
  ///   - corpus: The corpus that shards with a record were made of; of each part documents are decoded and
  ///     compared with it.
  ///   - bytesPerToken: The width of tokens in raw files, if there is no record.
  ///   - progress: Gets the shards.
  /// - Throws: ``ShardError/notShards(path:)``; `CorpusError`.
  /// - Precondition: With a corpus there is a tokenizer and a record.
  public init(
    of path: String, tokenizer: Tokenizer?, corpus: Corpus? = nil, bytesPerToken: Int = 4,
    progress: ProgressHandler? = nil
  ) throws {
    if ShardSet.isFolder(path) {
      try verifySet(in: path, tokenizer, corpus, progress)
      return
    }
    precondition(corpus == nil, "only a record tells how a corpus was made into shards")
    let shards = try FoundShard.all(at: path, width: bytesPerToken)
    for (index, shard) in shards.enumerated() {
      progress?(
        ProgressUpdate(phase: "verifying", completed: index, total: shards.count, unit: "shards"))
      shardNames.append(shard.path)
      do throws(ShardError) {
        try check(shard.open(), vocabularySize: tokenizer?.vocabularySize, tokenizer?.endOfText)
      } catch {
        faults.append("\(error)")
      }
    }
  }

  /// Looks at all of a shard.
  ///
  /// - Returns: The number of documents; nil if it cannot be told.
  @discardableResult
  private mutating func check(
    _ reader: any ShardReader, vocabularySize: Int?, _ endOfText: TokenID?
  ) throws(ShardError) -> Int? {
    tokenCount += reader.tokens.count
    try reader.checkContents()
    try reader.checkDocuments()
    let size = vocabularySize ?? reader.vocabularySize ?? 1 << 31
    let found = try reader.tokens.scan(vocabularySize: size, counting: endOfText)
    let documents = reader.documentCount ?? (endOfText == nil ? nil : found)
    documentCount += documents ?? 0
    return documents
  }

  // MARK: A folder with a record

  private mutating func verifySet(
    in folder: String, _ tokenizer: Tokenizer?, _ corpus: Corpus?, _ progress: ProgressHandler?
  ) throws {
    let set: ShardSet
    do throws(ShardError) {
      set = try ShardSet(folder: folder)
    } catch {
      faults.append("\(error)")
      return
    }
    if let tokenizer, SHA256.hexadecimal(tokenizer.vocabularyDigest) != set.vocabularySHA256 {
      faults.append("\(ShardError.otherTokenizer(path: folder))")
      return
    }
    let shardCount = ShardPart.allCases.reduce(0) { $0 + set.shards(of: $1).count }
    var readers: [ShardPart: [any ShardReader]] = [:]
    for part in ShardPart.allCases {
      for shard in set.shards(of: part) {
        progress?(
          ProgressUpdate(
            phase: "verifying", completed: shardNames.count, total: shardCount, unit: "shards"))
        shardNames.append(shard.name)
        do throws(ShardError) {
          readers[part, default: []].append(try verified(shard, of: set, in: folder))
        } catch {
          faults.append("\(error)")
        }
      }
    }
    // What was found to be wrong would be found again.
    guard faults.isEmpty, let corpus, let tokenizer else { return }
    var documents: [ShardPart: ShardDocuments] = [:]
    for (part, readers) in readers {
      documents[part] = ShardDocuments(
        readers, counts: set.shards(of: part).map(\.documentCount), set: set)
    }
    try compare(set, documents, tokenizer, corpus, folder, progress)
  }

  /// A shard of which all agrees with the record.
  private mutating func verified(
    _ shard: Shard, of set: ShardSet, in folder: String
  ) throws(ShardError) -> any ShardReader {
    for file in shard.files {
      let path = Path.join(folder, file.name)
      do {
        let size = try InputFile(path: path).size
        if size != file.size {
          throw ShardError.disagrees(
            path: path, quantity: "the file's size", found: size, expected: file.size)
        }
        if try SHA256.hexDigest(ofFile: path) != file.sha256 {
          throw ShardError.damaged(path: path, part: "the file")
        }
      } catch let error as FileError {
        throw .file(error)
      } catch let error as ShardError {
        throw error
      } catch {
        preconditionFailure("no other error is thrown: \(error)")
      }
    }
    let reader = try FoundShard(
      format: set.layout.format, path: Path.join(folder, shard.name),
      width: set.layout.bytesPerToken
    ).open()
    let found = try check(reader, vocabularySize: set.vocabularySize, set.endOfText)
    for (quantity, found, expected) in [
      ("the width of tokens in bytes", reader.tokens.width, set.layout.bytesPerToken),
      ("the number of tokens", reader.tokens.count, shard.tokenCount),
      ("the number of documents", found ?? -1, shard.documentCount),
    ] where found != expected {
      throw .disagrees(path: reader.path, quantity: quantity, found: found, expected: expected)
    }
    if let reader = reader as? TesseraShardReader {
      if SHA256.hexadecimal(reader.header.vocabularyDigest) != set.vocabularySHA256 {
        throw .otherTokenizer(path: reader.path)
      }
      if reader.header.byteCount != shard.byteCount {
        throw .disagrees(
          path: reader.path, quantity: "the size of all documents",
          found: reader.header.byteCount, expected: shard.byteCount)
      }
    }
    return reader
  }

  // MARK: The corpus

  /// Goes through the corpus, and compares it with what the record says, and some documents with their
  /// tokens.
  private mutating func compare(
    _ set: ShardSet, _ documents: [ShardPart: ShardDocuments], _ tokenizer: Tokenizer,
    _ corpus: Corpus, _ folder: String, _ progress: ProgressHandler?
  ) throws {
    var wanted: [ShardPart: Set<Int>] = [:]
    for (stream, part) in ShardPart.allCases.enumerated() {
      wanted[part] = Self.sample(below: set.documentCount(of: part), stream: UInt64(stream))
    }
    let split = HeldOutSplit(fraction: set.heldOutShare)
    var counts: [ShardPart: Int] = [.training: 0, .validation: 0]
    var hash = SHA256()
    var reader = corpus.makeReader()
    while let document = try reader.next() {
      hash.update(document.bytes)
      hash.update([document.bytes.count].littleEndianBytes)
      let part: ShardPart = split.isHeldOut(document.bytes) ? .validation : .training
      let number = counts[part] ?? 0
      counts[part] = number + 1
      if wanted[part]?.contains(number) == true, let documents = documents[part] {
        let tokens = try documents.tokens(of: number)
        if try Self.areTokens(tokens, of: document.bytes, tokenizer) {
          comparedDocumentCount += 1
        } else {
          faults.append(
            "\(ShardError.otherDocument(path: folder, document: number, part: part))")
        }
      }
      progress?(
        ProgressUpdate(
          phase: "comparing", completed: reader.bytesRead, total: corpus.byteCount, unit: "B"))
    }
    for part in ShardPart.allCases where counts[part] != set.documentCount(of: part) {
      faults.append(
        "\(ShardError.otherCorpus(path: folder, quantity: "the number of documents of the \(part.rawValue) part", found: "\(counts[part] ?? 0)", expected: "\(set.documentCount(of: part))"))"
      )
    }
    let found = SHA256.hexadecimal(hash.finalize())
    if found != set.corpusSHA256 {
      faults.append(
        "\(ShardError.otherCorpus(path: folder, quantity: "its SHA-256", found: found, expected: set.corpusSHA256))"
      )
    }
  }

  /// Numbers that are drawn from those below a limit.
  private static func sample(below count: Int, stream: UInt64) -> Set<Int> {
    if count <= sampleCount { return Set(0..<count) }
    var random = SplitMix64(seed: 0, stream: stream)
    var numbers: Set<Int> = []
    while numbers.count < sampleCount { numbers.insert(random.below(count)) }
    return numbers
  }

  /// Whether tokens stand for a document: decoded, they are its bytes, or, where the tokenizer changes
  /// text, they are what the document is encoded to.
  private static func areTokens(
    _ tokens: [TokenID], of document: [UInt8], _ tokenizer: Tokenizer
  ) throws -> Bool {
    tokenizer.keepsBytes
      ? try tokenizer.decode(tokens) == document : try tokenizer.encode(document) == tokens
  }

  /// The result as a JSON object.
  public var record: JSONValue {
    [
      "shards": .init(shardNames.count), "documents": .init(documentCount),
      "tokens": .init(tokenCount), "compared_documents": .init(comparedDocumentCount),
      "faults": .array(faults.map(JSONValue.string)),
    ]
  }
}
