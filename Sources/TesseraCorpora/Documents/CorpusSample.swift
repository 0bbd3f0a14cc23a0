public import TesseraBasics

extension Corpus {
  /// Documents out of the whole corpus, as many bytes as there is room for.
  ///
  /// Of small documents, those are taken whose hash is below a threshold, as by ``HeldOutSplit``; of large
  /// ones, the beginning. So a sample of the same files is always the same.
  ///
  /// - Parameters:
  ///   - byteLimit: About how many bytes are wanted, and never more. What is compressed counts as it is on
  ///     disk when shares are computed, so that its end may be left out.
  ///   - progress: Gets the bytes read.
  /// - Throws: ``CorpusError``.
  /// - Complexity: O(corpus) time, O(byteLimit + largest document) memory.
  public func sample(byteLimit: Int, progress: ProgressHandler? = nil) throws -> [[UInt8]] {
    var sample = DocumentSample(byteLimit: byteLimit, byteCount: byteCount)
    var reader = makeReader()
    while !sample.isFull, let document = try reader.next() {
      guard sample.add(document.bytes) else { continue }
      progress?(
        ProgressUpdate(
          phase: "reading a sample", completed: reader.bytesRead, total: byteCount, unit: "B"))
    }
    return sample.documents
  }

  /// The same out of documents that are in memory.
  ///
  /// - Parameters:
  ///   - documents: The documents.
  ///   - byteLimit: About how many bytes are wanted, and never more.
  public static func sample(of documents: [[UInt8]], byteLimit: Int) -> [[UInt8]] {
    var sample = DocumentSample(
      byteLimit: byteLimit, byteCount: documents.reduce(0) { $0 + $1.count })
    for document in documents where !sample.isFull { sample.add(document) }
    return sample.documents
  }
}

/// The documents of a sample while it is taken.
private struct DocumentSample {
  /// A document of less than this share of a sample is taken whole or not at all.
  private static let smallShare = 0.01

  private(set) var documents: [[UInt8]] = []
  private let byteLimit: Int
  private let fraction: Double
  private let choice: HeldOutSplit
  private var size = 0

  /// - Parameters:
  ///   - byteLimit: How many bytes are wanted.
  ///   - byteCount: How many there are, if that is known.
  init(byteLimit: Int, byteCount: Int?) {
    self.byteLimit = byteLimit
    fraction = byteCount.map { min(1, Double(byteLimit) / Double(max(1, $0))) } ?? 1
    choice = HeldOutSplit(fraction: fraction)
  }

  var isFull: Bool { size >= byteLimit }

  /// Takes a document, a part of it, or nothing; false if the choice left it out.
  @discardableResult
  mutating func add(_ document: [UInt8]) -> Bool {
    var bytes = document
    if Double(bytes.count) > Self.smallShare * Double(byteLimit) {
      let share = Int((fraction * Double(bytes.count)).rounded(.up))
      bytes = bytes.cut(to: min(share, byteLimit - size))
    } else if choice.isHeldOut(bytes) {
      bytes = bytes.cut(to: byteLimit - size)
    } else {
      return false
    }
    if !bytes.isEmpty {
      size += bytes.count
      documents.append(bytes)
    }
    return true
  }
}

extension [UInt8] {
  /// The first bytes, without a part of a character at the end.
  fileprivate func cut(to limit: Int) -> [UInt8] {
    guard limit < count else { return self }
    var end = Swift.max(0, limit)
    while end > 0, self[end] & 0xC0 == 0x80 { end -= 1 }
    return Array(self[..<end])
  }
}
