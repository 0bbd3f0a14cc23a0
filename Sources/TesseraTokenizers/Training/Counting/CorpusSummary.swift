/// What a corpus held when it was read.
public struct CorpusSummary: Hashable, Sendable {
  /// The number of documents.
  public var documentCount: Int
  /// The size of the documents, in bytes of UTF-8.
  public var textSize: Int
  /// The SHA-256 of all documents in order, each followed by its size as eight bytes, little-endian,
  /// as hexadecimal digits: the same however the documents are stored.
  public var sha256: String
}

extension Sequence<CorpusSummary> {
  /// The number of documents in all; the largest number where the sum is none.
  public var documentCount: Int { reduce(0) { saturatingSum($0, $1.documentCount) } }
  /// The size of all documents in bytes; the largest number where the sum is none.
  public var textSize: Int { reduce(0) { saturatingSum($0, $1.textSize) } }
}

/// What files say of themselves may be any number.
private func saturatingSum(_ a: Int, _ b: Int) -> Int {
  let (sum, overflow) = a.addingReportingOverflow(b)
  return overflow ? .max : sum
}

extension CorpusSummary: Comparable {
  /// By the hash, then by the sizes.
  public static func < (a: CorpusSummary, b: CorpusSummary) -> Bool {
    (a.sha256, a.textSize, a.documentCount) < (b.sha256, b.textSize, b.documentCount)
  }
}
