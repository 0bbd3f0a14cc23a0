public import TesseraBasics
public import TesseraCorpora
public import TesseraTokenizers

/// A corpus made into shards of tokens: the job behind `tessera shard`.
///
/// Documents are encoded together, some megabytes at once, on all workers; one that is larger is encoded
/// while it is read. Memory is bounded by these megabytes, whatever the sizes of corpus, documents and
/// shards; for tokenizers that need a text at once, by the largest document too. The files depend on
/// documents, tokenizer and options alone.
public struct Sharding: Sendable {
  /// The format and the width of tokens.
  public let layout: ShardLayout
  private let tokenizer: Tokenizer
  private let options: ShardingOptions
  private let vocabulary: ShardVocabulary
  private let tokenLimit: Int?

  /// How many bytes of documents are encoded at once, and from which size on a document is encoded in
  /// pieces of this size.
  package var batchSize = 16 << 20

  /// Checks options against a tokenizer.
  ///
  /// - Parameters:
  ///   - tokenizer: What encodes documents; must have an end-of-text token.
  ///   - name: What errors call it.
  ///   - options: The format and sizes.
  /// - Throws: ``TrainingRunError/noEndOfText(tokenizer:)``, ``ShardError``.
  public init(tokenizer: Tokenizer, name: String, options: ShardingOptions) throws {
    guard let endOfText = tokenizer.endOfText else {
      throw TrainingRunError.noEndOfText(tokenizer: name)
    }
    layout = try ShardLayout(
      options.format, vocabularySize: tokenizer.vocabularySize,
      bytesPerToken: options.bytesPerToken)
    if let wanted = options.shardTokenCount {
      guard let limit = layout.shardTokenLimit else {
        throw ShardError.oneShard(format: options.format)
      }
      guard wanted <= limit else {
        throw ShardError.shardTooLarge(format: options.format, tokens: wanted, limit: limit)
      }
    }
    tokenLimit = options.shardTokenCount ?? layout.defaultShardTokenCount
    self.tokenizer = tokenizer
    self.options = options
    vocabulary = ShardVocabulary(
      size: tokenizer.vocabularySize, digest: tokenizer.vocabularyDigest, endOfText: endOfText,
      name: options.tokenizerName)
  }

  /// Encodes a corpus, and writes the shards and their record into an empty folder.
  ///
  /// - Parameters:
  ///   - corpus: The corpus; documents without text are left out.
  ///   - folder: A folder that nobody else sees yet, such as that of an `OutputDirectory`, which makes its
  ///     files durable.
  ///   - progress: Gets the bytes read.
  /// - Throws: `CorpusError`, `TokenizerError`, ``ShardError``.
  public func write(
    _ corpus: Corpus, to folder: String, progress: ProgressHandler? = nil
  ) throws -> ShardSet {
    var sink = DocumentSink(
      writers: Dictionary(
        uniqueKeysWithValues: ShardPart.allCases.map { ($0, makeWriter(of: $0, in: folder)) }),
      split: HeldOutSplit(fraction: options.heldOutShare), name: name(of: corpus))
    var reader = corpus.makeReader()
    var batch: [Document] = []
    var size = 0
    func encodeBatch() throws {
      let encoded = try tokenizer.encodeDocuments(batch.map(\.bytes))
      for (document, tokens) in zip(batch, encoded) {
        try check(tokens, of: document)
        try sink.append(document.bytes, tokens)
      }
      batch.removeAll(keepingCapacity: true)
      size = 0
      progress?(
        ProgressUpdate(
          phase: "sharding", completed: reader.bytesRead, total: corpus.byteCount, unit: "B"))
    }
    while let piece = try reader.nextPiece(sizeLimit: batchSize) {
      if Interruption.isRequested { throw ShardError.interrupted }
      var document = Document(bytes: piece.bytes, file: piece.file, position: piece.position)
      var isWhole = piece.endsDocument
      if !isWhole, tokenizer.encodesIncrementally {
        try encodeBatch()
        try encodeLarge(document, &reader, into: &sink, spool: Path.join(folder, "document")) {
          progress?(
            ProgressUpdate(
              phase: "sharding", completed: $0, total: corpus.byteCount, unit: "B"))
        }
        continue
      }
      while !isWhole, let piece = try reader.nextPiece(sizeLimit: batchSize) {
        document.bytes += piece.bytes
        isWhole = piece.endsDocument
      }
      // Some bytes for the document itself, so that many short ones count as well.
      size += document.bytes.count + 64
      batch.append(document)
      if size >= batchSize { try encodeBatch() }
    }
    try encodeBatch()
    return try finish(&sink, corpus, folder, progress)
  }

  /// Completes the shards, and writes their record.
  private func finish(
    _ sink: inout DocumentSink, _ corpus: Corpus, _ folder: String, _ progress: ProgressHandler?
  ) throws -> ShardSet {
    var shards = try sink.finish()
    let files = ShardPart.allCases.flatMap { (shards[$0] ?? []).flatMap(\.files) }
    progress?(
      ProgressUpdate(phase: "hashing", completed: 0, total: files.count, unit: "files"))
    let hashed = try parallelMap(files.count) { index throws(FileError) in
      var file = files[index]
      let path = Path.join(folder, file.name)
      file.size = try InputFile(path: path).size
      file.sha256 = try SHA256.hexDigest(ofFile: path)
      return file
    }
    var next = 0
    for part in ShardPart.allCases {
      shards[part] = shards[part]?.map { shard in
        var shard = shard
        shard.files = Array(hashed[next..<next + shard.files.count])
        next += shard.files.count
        return shard
      }
    }
    let set = ShardSet(
      layout: layout, vocabularySize: vocabulary.size,
      vocabularySHA256: SHA256.hexadecimal(vocabulary.digest), endOfText: vocabulary.endOfText,
      heldOutShare: options.heldOutShare, documents: corpus.options.documents,
      textField: corpus.options.textField, corpusSHA256: sink.corpusSHA256, shards: shards)
    var record = try AtomicFile(path: Path.join(folder, ShardSet.recordName))
    try record.write(set.record.serialized(pretty: true))
    try record.commit(durably: false)
    return set
  }

  private func makeWriter(of part: ShardPart, in folder: String) -> any ShardWriter {
    guard layout.format == .llmc else {
      return DocumentShardWriter(
        folder: folder, part: part, layout: layout, vocabulary: vocabulary, tokenLimit: tokenLimit)
    }
    let limit = tokenLimit ?? layout.shardTokenLimit ?? .max
    return LLMCShardWriter(
      folder: folder, part: part, layout: layout, vocabulary: vocabulary, tokenLimit: limit)
  }

  private func name(of corpus: Corpus) -> String {
    corpus.paths.map { $0 == "-" ? "standard input" : $0 }.joined(separator: ", ")
  }

  /// Sees to it that tokens stand for the bytes of a document, if the tokenizer does not normalize.
  private func check(_ tokens: [TokenID], of document: Document) throws(ShardError) {
    guard tokenizer.keepsBytes else { return }
    let size = tokens.reduce(0) { $0 + tokenizer.byteCount(of: $1) }
    guard size == document.bytes.count else {
      throw .bytesDiffer(
        file: document.file, line: document.position.line, tokenBytes: size,
        documentBytes: document.bytes.count)
    }
  }

  /// Encodes a document of which the first piece has been read.
  ///
  /// Only when all of it was seen is it known which part it belongs to, so its tokens wait in a file.
  private func encodeLarge(
    _ first: Document, _ reader: inout DocumentReader, into sink: inout DocumentSink,
    spool path: String, progress: (Int) -> Void
  ) throws {
    var spool = try NumberFile(path: path, width: 4)
    var stream = tokenizer.makeStreamingEncoder()
    var text = sink.makeText()
    var bytes = first.bytes
    var tokenBytes = 0
    var isLast = false
    while true {
      if Interruption.isRequested { throw ShardError.interrupted }
      var ids: [TokenID] = []
      sink.append(bytes, to: &text)
      try stream.add(bytes.span, into: &ids)
      if isLast { try stream.finish(into: &ids) }
      tokenBytes += ids.reduce(0) { $0 + tokenizer.byteCount(of: $1) }
      try spool.append(ids[...])
      progress(reader.bytesRead)
      if isLast { break }
      guard let piece = try reader.nextPiece(sizeLimit: batchSize) else {
        bytes = []
        isLast = true
        continue
      }
      bytes = piece.bytes
      isLast = piece.endsDocument
    }
    guard !tokenizer.keepsBytes || tokenBytes == text.size else {
      throw ShardError.bytesDiffer(
        file: first.file, line: first.position.line, tokenBytes: tokenBytes,
        documentBytes: text.size)
    }
    try sink.append(text, try spool.finished())
  }
}

/// Where documents go: to the writer of their part, and into the hash of the corpus.
private struct DocumentSink: ~Copyable {
  private let writers: [ShardPart: any ShardWriter]
  private let split: HeldOutSplit
  private let name: String
  private var hash = SHA256()

  init(writers: [ShardPart: any ShardWriter], split: HeldOutSplit, name: String) {
    self.writers = writers
    self.split = split
    self.name = name
  }

  /// What is known of a document that comes in pieces.
  struct Text {
    var size = 0
    fileprivate var hash: StableHash
  }

  func makeText() -> Text { Text(hash: StableHash(seed: split.seed)) }

  mutating func append(_ bytes: [UInt8], to text: inout Text) {
    hash.update(bytes)
    text.hash.update(bytes)
    text.size += bytes.count
  }

  mutating func append(_ document: [UInt8], _ tokens: [TokenID]) throws(ShardError) {
    hash.update(document)
    hash.update([document.count].littleEndianBytes)
    let part: ShardPart = split.isHeldOut(document) ? .validation : .training
    guard let writer = writers[part] else { return }
    try writer.beginDocument()
    try writer.append(tokens[...])
    try writer.endDocument(byteCount: document.count)
  }

  mutating func append(_ text: Text, _ tokens: NumberRun) throws(ShardError) {
    hash.update([text.size].littleEndianBytes)
    let isHeldOut = split.isHeldOut(hash: text.hash.finalize())
    guard let writer = writers[isHeldOut ? .validation : .training] else { return }
    try writer.beginDocument()
    try tokens.forEachBlock(in: 0..<tokens.count) { (_, numbers) throws(ShardError) in
      try writer.append(numbers.map { TokenID($0) }[...])
    }
    try writer.endDocument(byteCount: text.size)
  }

  func finish() throws(ShardError) -> [ShardPart: [Shard]] {
    var shards: [ShardPart: [Shard]] = [:]
    for part in ShardPart.allCases { shards[part] = try writers[part]?.finish() ?? [] }
    guard shards[.training]?.isEmpty == false else { throw .noDocuments(source: name) }
    return shards
  }

  /// The hash of all documents.
  var corpusSHA256: String { SHA256.hexadecimal(hash.digestSoFar()) }
}
