internal import Synchronization
internal import TesseraBasics
internal import TesseraCheckpoints

/// A file that is hashed, as a whole, in parts, or both, in a single reading.
struct HashedFile: Sendable {
  /// What came out.
  struct Hashes: Hashable {
    /// The hash of the whole file, if it was asked for.
    let whole: FileHash?
    /// The SHA-256 of each part.
    let parts: [String]
  }

  /// The file.
  let path: String
  /// Whether the whole file is hashed.
  var isWhole = false
  /// Ranges of its bytes that are hashed for themselves, without overlap.
  var parts: [Range<Int>] = []

  /// Reads files from their beginnings to their ends, several at a time.
  ///
  /// - Parameters:
  ///   - files: The files.
  ///   - phase: What the reading is called in `progress`, which gets the bytes.
  /// - Returns: The hashes in the order of the files.
  /// - Throws: ``VocabularyError/interrupted`` after a signal, and what reading throws.
  /// - Complexity: O(bytes) time, each byte is read once; a few MB of memory for each thread.
  static func read(
    _ files: [HashedFile], phase: String, progress: ProgressHandler?
  ) throws(VocabularyError) -> [Hashes] {
    let total = files.reduce(0) { $0 + $1.readSize }
    let counter = Mutex(ByteCounter(phase: phase, total: total, handler: progress))
    return try parallelMap(files.count) { index throws(VocabularyError) in
      try files[index].read(counter)
    }
  }

  /// The number of bytes that are read; 0 where there is no such file.
  private var readSize: Int {
    isWhole ? Path.regularFileSize(path) ?? 0 : parts.reduce(0) { $0 + $1.count }
  }

  private func read(_ counter: borrowing Mutex<ByteCounter>) throws(VocabularyError) -> Hashes {
    let file = try withVocabularyErrors { () throws(FileError) in try InputFile(path: path) }
    let whole = isWhole ? RunningHash(0..<file.size) : nil
    let parts = parts.map(RunningHash.init)
    let hashes = parts + (whole.map { [$0] } ?? [])
    // All bytes between two ends of ranges belong to the same ranges.
    let ends = Set(hashes.flatMap { [$0.range.lowerBound, $0.range.upperBound] }).sorted()
    for (start, end) in zip(ends, ends.dropFirst()) {
      let open = hashes.filter { $0.range.lowerBound <= start && end <= $0.range.upperBound }
      if open.isEmpty { continue }
      for block in SafetensorsFile.blocks(of: start..<end) {
        let bytes = try withVocabularyErrors { () throws(FileError) in
          try file.read(at: block.lowerBound, count: block.count)
        }
        for hash in open { hash.update(bytes) }
        try counter.withLock { (counter) throws(VocabularyError) in try counter.add(bytes.count) }
      }
    }
    return Hashes(
      whole: whole.map { FileHash(size: file.size, sha256: $0.digest) },
      parts: parts.map(\.digest))
  }
}

/// The hash of a range of a file, as far as it was read.
private final class RunningHash {
  let range: Range<Int>
  private var hash = SHA256()

  init(_ range: Range<Int>) { self.range = range }

  func update(_ bytes: [UInt8]) { hash.update(bytes) }

  var digest: String { SHA256.hexadecimal(hash.digestSoFar()) }
}
