public import TesseraBasics

extension Corpus {
  /// A document of less than this share of a sample is taken whole or not at all.
  private static let smallShare = 0.01

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
    let fraction = byteCount.map { min(1, Double(byteLimit) / Double(max(1, $0))) } ?? 1
    let choice = HeldOutSplit(fraction: fraction)
    var sample: [[UInt8]] = []
    var size = 0
    var reader = makeReader()
    while size < byteLimit, let document = try reader.next() {
      var bytes = document.bytes
      if Double(bytes.count) > Self.smallShare * Double(byteLimit) {
        let share = Int((fraction * Double(bytes.count)).rounded(.up))
        bytes = bytes.cut(to: min(share, byteLimit - size))
      } else if choice.isHeldOut(bytes) {
        bytes = bytes.cut(to: byteLimit - size)
      } else {
        continue
      }
      progress?(
        ProgressUpdate(
          phase: "reading a sample", completed: reader.bytesRead, total: byteCount, unit: "B"))
      if bytes.isEmpty { continue }
      size += bytes.count
      sample.append(bytes)
    }
    return sample
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
