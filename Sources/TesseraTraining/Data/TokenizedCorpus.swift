public import TesseraBasics
public import TesseraCorpora
public import TesseraTokenizers

/// A corpus in two parts: tokens to train on, and held-out documents to judge by.
///
/// The held-out documents are kept as text, so that several tokenizers can be compared on them.
public struct TokenizedCorpus: Sendable {
  /// The documents to train on.
  public private(set) var training: TokenizedDocuments
  /// For encoders: for each token of ``training``, whether it begins what is masked together; nil where each
  /// does.
  public private(set) var beginsUnit: [Bool]?
  /// The documents that are never trained on, as UTF-8 bytes.
  public private(set) var heldOut: [[UInt8]]
  /// The prefixes of the documents to train on, where they were asked for.
  public private(set) var prefixes = DocumentPrefixes()
  /// The SHA-256 of all documents in their order, those held out included, each followed by its size
  /// as eight bytes, little-endian.
  public let sha256: String

  /// Reads a corpus, and encodes the part to train on.
  ///
  /// - Parameters:
  ///   - corpus: The files.
  ///   - name: What errors call it.
  ///   - tokenizer: What encodes it; must have an end-of-text token.
  ///   - split: Which documents are held out.
  ///   - prefix: What stands before each document to train on; nil is nothing.
  ///   - unit: What is masked together, for encoders.
  ///   - spans: The spans of documents, if they are units.
  ///   - progress: Gets the bytes read.
  /// - Throws: `CorpusError` where a file cannot be read; ``MaskingError`` where spans are not the corpus'; ``TrainingRunError/noEndOfText(tokenizer:)``,
  ///   ``TrainingRunError/noDocuments(source:)``, and
  ///   ``TrainingRunError/bytesDiffer(source:document:tokenBytes:documentBytes:)``.
  public init(
    _ corpus: Corpus, name: String, tokenizer: Tokenizer, split: HeldOutSplit?,
    prefix: PrefixTemplate? = nil, unit: MaskingUnit = .token, spans: DocumentSpans? = nil,
    progress: ProgressHandler? = nil
  ) throws {
    let encoder = try DocumentEncoder(tokenizer, name: name)
    training = encoder.makeDocuments()
    heldOut = []
    var reader = corpus.makeReader()
    var waiting: [[UInt8]] = []
    var prefixTexts: [String?] = []
    var waitingSpans: [[Range<Int>]] = []
    var units: [Bool] = []
    var (size, count) = (0, 0)
    var hash = SHA256()
    func encodeWaiting(_ documents: inout TokenizedDocuments) throws {
      if unit == .token {
        try encoder.append(waiting, to: &documents)
      } else {
        try encoder.append(
          waiting, unit: unit, spans: waitingSpans, to: &documents, beginsUnit: &units)
      }
      (waiting, waitingSpans, size) = ([], [], 0)
    }
    while let document = try reader.next() {
      hash.update(document.bytes)
      hash.update([document.bytes.count].littleEndianBytes)
      if document.bytes.isEmpty { continue }
      count += 1
      if split?.isHeldOut(document.bytes) == true {
        heldOut.append(document.bytes)
        continue
      }
      size += document.bytes.count
      waiting.append(document.bytes)
      if let prefix { prefixTexts.append(prefix.text(for: document.metadata)) }
      waitingSpans.append(
        try spans?.spans(ofDocument: count - 1, size: document.bytes.count) ?? [])
      if size >= DocumentEncoder.batchSize {
        try encodeWaiting(&training)
        progress?(
          ProgressUpdate(
            phase: "encoding \(name)", completed: reader.bytesRead, total: corpus.byteCount,
            unit: "B"))
      }
    }
    try encodeWaiting(&training)
    if prefix != nil { prefixes = try DocumentPrefixes(prefixTexts, tokenizer: tokenizer) }
    try spans?.check(documentCount: count)
    if unit != .token { beginsUnit = units }
    sha256 = SHA256.hexadecimal(hash.finalize())
    guard training.count > 0 else { throw TrainingRunError.noDocuments(source: name) }
  }

  /// Takes the documents of shards, which stay in their files, as they were split when shards were made.
  ///
  /// Those to train on, their order and their tokens are the same as from the text with the same split.
  ///
  /// - Parameters:
  ///   - shards: The folder of shards.
  ///   - heldOutSizeLimit: The most bytes of held-out documents that are read as text: the first ones.
  ///   - progress: Gets the tokens that have been looked at.
  /// - Throws: ``ShardError``, ``TrainingRunError/noDocuments(source:)``.
  public init(
    _ shards: ShardFolder, heldOutSizeLimit: Int, progress: ProgressHandler? = nil
  ) throws {
    training = try shards.documents(of: .training, progress: progress)
    heldOut = try shards.texts(of: .validation, sizeLimit: heldOutSizeLimit)
    sha256 = shards.set.corpusSHA256
    guard training.count > 0 else {
      throw TrainingRunError.noDocuments(source: shards.path)
    }
  }
}

/// Encodes documents, and checks that their tokens stand for their bytes.
public struct DocumentEncoder: Sendable {
  let tokenizer: Tokenizer
  private let name: String
  private let endOfText: TokenID
  /// How many bytes of documents are encoded at once.
  static let batchSize = 8 << 20

  /// Creates an encoder.
  ///
  /// - Parameters:
  ///   - tokenizer: The tokenizer.
  ///   - name: What errors call the documents' source.
  ///   - rowCount: The number of rows of the model that is to read the tokens.
  /// - Throws: ``TrainingRunError/noEndOfText(tokenizer:)``;
  ///   ``TrainingRunError/vocabularyTooSmall(modelRows:tokenizerSize:)``.
  public init(
    _ tokenizer: Tokenizer, name: String, rowCount: Int? = nil
  ) throws(TrainingRunError) {
    if let rowCount, tokenizer.vocabularySize > rowCount {
      throw .vocabularyTooSmall(modelRows: rowCount, tokenizerSize: tokenizer.vocabularySize)
    }
    guard let endOfText = tokenizer.endOfText else { throw .noEndOfText(tokenizer: name) }
    self.tokenizer = tokenizer
    self.name = name
    self.endOfText = endOfText
  }

  /// An empty collection for this encoder's tokens.
  public func makeDocuments() -> TokenizedDocuments {
    TokenizedDocuments(vocabularySize: tokenizer.vocabularySize, endOfText: endOfText)
  }

  /// The tokens of documents.
  public func encode(_ documents: [[UInt8]]) throws -> TokenizedDocuments {
    var result = makeDocuments()
    try append(documents, to: &result)
    return result
  }

  /// The tokens of all documents of a corpus that are not empty.
  ///
  /// - Throws: `CorpusError`; ``TrainingRunError/noDocuments(source:)``.
  public func encodeAll(of corpus: Corpus) throws -> TokenizedDocuments {
    var result = makeDocuments()
    var reader = corpus.makeReader()
    var waiting: [[UInt8]] = []
    var size = 0
    while let document = try reader.next() {
      if document.bytes.isEmpty { continue }
      waiting.append(document.bytes)
      size += document.bytes.count
      if size >= Self.batchSize {
        try append(waiting, to: &result)
        (waiting, size) = ([], 0)
      }
    }
    try append(waiting, to: &result)
    guard result.count > 0 else {
      throw TrainingRunError.noDocuments(source: corpus.paths.joined(separator: ", "))
    }
    return result
  }

  /// Encodes documents on all workers, and appends them.
  ///
  /// Text that looks like a special token is text.
  ///
  /// - Throws: ``TrainingRunError/bytesDiffer(source:document:tokenBytes:documentBytes:)``, if the
  ///   tokenizer does not normalize.
  public func append(_ documents: [[UInt8]], to result: inout TokenizedDocuments) throws {
    let keepsBytes = tokenizer.keepsBytes
    for (document, tokens) in zip(documents, try tokenizer.encodeDocuments(documents)) {
      if keepsBytes {
        let size = tokens.reduce(0) { $0 + tokenizer.byteCount(of: $1) }
        guard size == document.count else {
          throw TrainingRunError.bytesDiffer(
            source: name, document: result.count, tokenBytes: size, documentBytes: document.count)
        }
      }
      result.append(tokens, byteCount: document.count)
    }
  }
}
