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

extension CorpusSummary: Comparable {
  /// By the hash, then by the sizes.
  public static func < (a: CorpusSummary, b: CorpusSummary) -> Bool {
    (a.sha256, a.textSize, a.documentCount) < (b.sha256, b.textSize, b.documentCount)
  }
}
