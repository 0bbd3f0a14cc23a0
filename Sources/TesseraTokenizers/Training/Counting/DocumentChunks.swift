import TesseraBasics
import TesseraCorpora

/// The documents of a corpus in chunks that can be counted independently.
///
/// A small document is one chunk, a large one is cut at safe splits, so memory does not grow with
/// the documents, except where a text has no safe split: without a pre-tokenizer, or in a document
/// that has no letter followed by a space or a sign, each of which is its own normal form.
struct DocumentChunks: ~Copyable {
  /// The size that chunks of large documents are near, in bytes.
  static let chunkSize = 1 << 20

  private var reader: DocumentReader
  private let splitting: TextSplitting
  private let chunkSize: Int
  private let memory: MemoryBudget?
  /// The size of the largest file.
  private let largestFile: Int
  /// What was read of a document and not handed out yet.
  private var pending: [UInt8] = []
  /// Whether that is the rest of its document.
  private var pendingEndsDocument = false
  /// The character before `pending` in its document.
  private var previous: [UInt8] = []
  /// No safe split is at or below this position of `pending`.
  private var searched = 0
  /// Documents handed out to their end.
  private var documentCount = 0
  /// How much of the current document has been handed out.
  private var documentOffset = 0
  /// The size of what has been handed out, in bytes of text.
  private var textSize = 0
  /// The hash of what has been handed out, as in ``CorpusSummary/sha256``.
  private var hash = SHA256()

  init(_ corpus: Corpus, _ splitting: TextSplitting, chunkSize: Int, memory: MemoryBudget? = nil) {
    reader = corpus.makeReader()
    self.splitting = splitting
    self.chunkSize = chunkSize
    self.memory = memory
    largestFile = corpus.files.reduce(0) { max($0, $1.byteCount ?? 0) }
  }

  /// The bytes of files read so far.
  var bytesRead: Int { reader.bytesRead }

  /// The next chunk, or nil at the end of the corpus.
  ///
  /// - Throws: `CorpusError`; ``TrainingError/memoryTooSmall(size:minimum:for:)`` where a text
  ///   without a safe split is too large.
  mutating func next() throws -> DocumentChunk? {
    guard let (chunk, endsDocument) = try nextChunk() else { return nil }
    note(chunk.bytes, endsDocument: endsDocument)
    return chunk
  }

  private mutating func nextChunk() throws -> (DocumentChunk, endsDocument: Bool)? {
    if pendingEndsDocument { return takePending() }
    while let piece = try reader.nextPiece(sizeLimit: chunkSize) {
      if pending.isEmpty && piece.endsDocument { return (DocumentChunk(bytes: piece.bytes), true) }
      pending.append(contentsOf: piece.bytes)
      if let memory, pending.count > memory.uncutSize + chunkSize {
        throw TrainingError.memoryTooSmall(
          size: memory.size,
          minimum: MemoryBudget.minimumSize(uncut: max(largestFile, pending.count)),
          for: .counting)
      }
      if piece.endsDocument { return takePending() }
      if let split = splitting.safeSplit(of: pending.span, after: searched) {
        let rest = Array(pending[split...])
        pending.removeSubrange(split...)
        searched = 0
        let start = UTF8Decoding.characterStart(before: split, in: pending.span)
        let size = UTF8Decoding.scalar(in: rest.span, at: 0).size
        let chunk = DocumentChunk(
          bytes: pending, before: exchange(&previous, with: Array(pending[start...])),
          after: Array(rest.prefix(size)))
        pending = rest
        return (chunk, false)
      }
      searched = max(0, pending.count - splitting.lookAhead)
    }
    return nil
  }

  private mutating func takePending() -> (DocumentChunk, endsDocument: Bool) {
    searched = 0
    pendingEndsDocument = false
    let chunk = DocumentChunk(
      bytes: exchange(&pending, with: []), before: exchange(&previous, with: []))
    return (chunk, true)
  }

  /// Adds what is handed out to what is known.
  private mutating func note(_ bytes: [UInt8], endsDocument: Bool) {
    hash.update(bytes)
    textSize += bytes.count
    documentOffset += bytes.count
    if endsDocument {
      var size: [UInt8] = []
      size.append(littleEndian: documentOffset)
      hash.update(size)
      documentCount += 1
      documentOffset = 0
    }
  }

  /// What was read.
  ///
  /// - Precondition: Called once, at the end.
  mutating func summary() -> CorpusSummary {
    CorpusSummary(
      documentCount: documentCount, textSize: textSize,
      sha256: SHA256.hexadecimal(exchange(&hash, with: SHA256()).finalize()))
  }
}

extension DocumentChunks {
  /// Where the next chunk begins.
  var position: CountingPosition {
    CountingPosition(
      documentCount: documentCount, documentOffset: documentOffset,
      sha256: SHA256.hexadecimal(hash.digestSoFar()))
  }

  /// Passes over what was counted before, whatever size its chunks had.
  ///
  /// - Parameters:
  ///   - position: Where a chunk ended.
  ///   - report: Called now and then with the bytes of files read so far.
  /// - Throws: ``TrainingError/corpusChanged(path:)`` if the corpus is another one up to there,
  ///   ``TrainingError/interrupted``, `CorpusError`.
  mutating func skip(to position: CountingPosition, _ report: (Int) -> Void) throws {
    var path: String?
    while isBefore(position), let piece = try reader.nextPiece(sizeLimit: chunkSize) {
      if Interruption.isRequested { throw TrainingError.interrupted }
      path = piece.file
      let rest =
        documentCount == position.documentCount ? position.documentOffset - documentOffset : .max
      if rest < piece.bytes.count {
        note(Array(piece.bytes[..<rest]), endsDocument: false)
        pending = Array(piece.bytes[rest...])
        pendingEndsDocument = piece.endsDocument
      } else {
        note(piece.bytes, endsDocument: piece.endsDocument)
      }
      report(bytesRead)
    }
    guard self.position == position else { throw TrainingError.corpusChanged(path: path) }
  }

  private func isBefore(_ position: CountingPosition) -> Bool {
    (documentCount, documentOffset) < (position.documentCount, position.documentOffset)
  }
}
