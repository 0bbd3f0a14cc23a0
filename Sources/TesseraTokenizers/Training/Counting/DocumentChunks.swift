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
  /// The beginning of a document whose rest has not been read.
  private var pending: [UInt8] = []
  /// No safe split is at or below this position of `pending`.
  private var searched = 0
  private var documentSize: UInt64 = 0
  private var hash = SHA256()
  /// Documents read to their end.
  private(set) var documentCount = 0
  /// Chunks handed out.
  private var chunkCount = 0
  /// The size of what was read, in bytes of text.
  private(set) var textSize = 0

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
  /// - Throws: `CorpusError`; ``TrainingError/memoryTooSmall(size:minimum:)`` where a text without a
  ///   safe split is too large.
  mutating func next() throws -> [UInt8]? {
    guard let chunk = try nextChunk() else { return nil }
    chunkCount += 1
    return chunk
  }

  /// Passes over what was counted before.
  ///
  /// - Throws: ``TrainingError/corpusChanged`` if the corpus is another one up to there.
  mutating func skip(to position: CountingPosition) throws {
    while chunkCount < position.chunkCount, try next() != nil {
      if Interruption.isRequested { throw TrainingError.interrupted }
    }
    guard self.position == position else { throw TrainingError.corpusChanged }
  }

  /// Where the reader is between two chunks.
  var position: CountingPosition {
    CountingPosition(
      chunkCount: chunkCount, sha256: SHA256.hexadecimal(hash.digestSoFar()))
  }

  private mutating func nextChunk() throws -> [UInt8]? {
    while let piece = try reader.nextPiece(sizeLimit: chunkSize) {
      note(piece)
      if pending.isEmpty && piece.endsDocument { return piece.bytes }
      pending.append(contentsOf: piece.bytes)
      if let memory, pending.count > memory.uncutSize + chunkSize {
        throw TrainingError.memoryTooSmall(
          size: memory.size,
          minimum: MemoryBudget.minimumSize(uncut: max(largestFile, pending.count)))
      }
      if piece.endsDocument {
        searched = 0
        return exchange(&pending, with: [])
      }
      if let split = splitting.safeSplit(of: pending.span, after: searched) {
        let rest = Array(pending[split...])
        pending.removeSubrange(split...)
        searched = 0
        return exchange(&pending, with: rest)
      }
      searched = max(0, pending.count - splitting.lookAhead)
    }
    return nil
  }

  /// What was read.
  ///
  /// - Precondition: Called once, at the end.
  mutating func summary() -> CorpusSummary {
    CorpusSummary(
      documentCount: documentCount, textSize: textSize,
      sha256: SHA256.hexadecimal(exchange(&hash, with: SHA256()).finalize()))
  }

  private mutating func note(_ piece: DocumentPiece) {
    hash.update(piece.bytes)
    textSize += piece.bytes.count
    documentSize += UInt64(piece.bytes.count)
    if piece.endsDocument {
      documentCount += 1
      hash.update((0..<8).map { UInt8(truncatingIfNeeded: documentSize >> (8 * $0)) })
      documentSize = 0
    }
  }
}
