public import TesseraTokenizers

extension PreTokenCounts {
  /// Counts the pre-tokens of documents, for learning tokens from the training part of a split corpus.
  ///
  /// - Parameters:
  ///   - documents: The documents.
  ///   - pattern: How they are split.
  ///   - normalization: How they are normalized first.
  public init(of documents: [[UInt8]], pattern: PreTokenizerPattern, normalization: Normalization) {
    let preTokenizer = PreTokenizer(pattern: pattern)
    var counts: [[UInt8]: UInt64] = [:]
    for document in documents {
      for preToken in preTokenizer.preTokens(of: normalization.normalized(document)) {
        counts[Array(preToken), default: 0] += 1
      }
    }
    self.init(counts.map { (bytes: $0.key, count: $0.value) })
  }
}
