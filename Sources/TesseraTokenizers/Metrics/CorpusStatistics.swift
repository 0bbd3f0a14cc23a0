public import TesseraBasics
public import TesseraCorpora

/// What a corpus consists of: sizes, scripts, damage and duplicates.
public struct CorpusStatistics: Hashable, Sendable {
  /// How many characters there are of a script.
  public struct Script: Hashable, Sendable {
    /// Its name in lower case; what goes with every script, such as spaces and digits, is `common`.
    public let name: String
    /// The number of characters.
    public let count: Int
  }

  /// The number of files.
  public let fileCount: Int
  /// The number of documents, empty ones included.
  public private(set) var documentCount = 0
  /// The number of documents without text.
  public private(set) var emptyDocumentCount = 0
  /// The size of the text in bytes, after decompression.
  public private(set) var byteCount = 0
  /// The size of the largest document in bytes.
  public private(set) var largestDocumentSize = 0
  /// The number of characters, bytes that belong to none left out.
  public private(set) var characterCount = 0
  /// The number of bytes that belong to no character.
  public private(set) var invalidByteCount = 0
  /// The file with the first such byte.
  public private(set) var firstInvalidFile: String?
  /// Where the document with that byte begins there.
  public private(set) var firstInvalidPosition: DocumentPosition?
  /// The number of U+FFFD, which stand where another program has met bytes that are no character.
  public private(set) var replacementCount = 0
  /// The scripts, the one with the most characters first.
  public private(set) var scripts: [Script] = []
  /// How many documents are the same as an earlier one, empty ones left out.
  public private(set) var duplicateCount = 0
  /// Whether ``duplicateCount`` is estimated, because there are too many documents to remember.
  public private(set) var duplicatesAreEstimated = false

  /// Reads a corpus.
  ///
  /// Documents are compared by hashes of 64 bits: 16 million distinct ones, beyond that a sample.
  /// Everything else is exact, and nothing depends on the number of threads.
  ///
  /// - Parameters:
  ///   - corpus: The documents. Those without text are counted if the corpus hands them out.
  ///   - progress: Called now and then, in bytes of files.
  /// - Throws: `CorpusError` where a file cannot be read, ``TrainingError/interrupted`` after a signal.
  /// - Complexity: O(size of the corpus) time, O(1) memory: 512 MiB for hashes at most.
  public init(of corpus: Corpus, progress: ProgressHandler? = nil) throws {
    try self.init(of: corpus, hashLimit: 1 << 24, progress: progress)
  }

  /// Reads a corpus and remembers so many hashes.
  package init(of corpus: Corpus, hashLimit: Int, progress: ProgressHandler? = nil) throws {
    fileCount = corpus.files.count
    var reader = corpus.makeReader()
    var sample = DistinctSample(limit: hashLimit)
    var characters = CharacterCounts()
    var hash = StableHash()
    var size = 0
    var batch = PieceBatch()
    var isDone = false
    while !isDone {
      if let piece = try reader.nextPiece(sizeLimit: PieceBatch.groupSize) {
        hash.update(piece.bytes)
        size += piece.bytes.count
        if piece.endsDocument {
          addDocument(size: size, hash: hash.finalize(), &sample)
          (hash, size) = (StableHash(), 0)
        }
        batch.append(piece)
      } else {
        isDone = true
      }
      guard isDone || batch.isFull else { continue }
      if Interruption.isRequested { throw TrainingError.interrupted }
      count(batch.take(), into: &characters)
      progress?(
        ProgressUpdate(
          phase: "reading", completed: reader.bytesRead, total: corpus.byteCount, unit: "B"))
    }
    characterCount = characters.characterCount
    invalidByteCount = characters.invalidByteCount
    replacementCount = characters.replacementCount
    scripts = characters.scripts
    duplicateCount = sample.duplicateCount
    duplicatesAreEstimated = sample.isEstimate
  }

  private mutating func addDocument(size: Int, hash: UInt64, _ sample: inout DistinctSample) {
    documentCount += 1
    byteCount += size
    largestDocumentSize = max(largestDocumentSize, size)
    if size == 0 { emptyDocumentCount += 1 } else { sample.add(hash) }
  }

  private mutating func count(_ groups: [[DocumentPiece]], into sum: inout CharacterCounts) {
    let counts = parallelMap(groups.count) { index in
      var counts = CharacterCounts()
      var invalid: DocumentPiece?
      for piece in groups[index] {
        counts.add(piece.bytes.span)
        if counts.invalidByteCount > 0, invalid == nil { invalid = piece }
      }
      return (counts, invalid?.file, invalid?.position)
    }
    for (counts, file, position) in counts {
      sum.add(counts)
      if firstInvalidFile == nil, let file {
        firstInvalidFile = file
        firstInvalidPosition = position
      }
    }
  }
}

/// Pieces of documents that are looked at together, in groups for one thread each.
private struct PieceBatch {
  static let groupSize = 1 << 18

  private var groups: [[DocumentPiece]] = []
  private var size = groupSize

  var isFull: Bool { size >= Self.groupSize && groups.count >= 4 * Workers.threadCount }

  mutating func append(_ piece: DocumentPiece) {
    if size >= Self.groupSize {
      groups.append([])
      size = 0
    }
    groups[groups.count - 1].append(piece)
    // Some bytes for the piece itself, so that many empty ones count as well.
    size += piece.bytes.count + 64
  }

  mutating func take() -> [[DocumentPiece]] {
    size = Self.groupSize
    return exchange(&groups, with: [])
  }
}
