import TesseraBasics

extension CorpusScore {
  /// An interval for the bits per byte, as wide as the choice of documents makes it.
  ///
  /// Documents are drawn again, with replacement, as often as there are, and the bits per byte are
  /// computed anew; the interval holds the middle `confidence` of such values. Compare two models on
  /// the same documents by their difference per document rather than by two of these intervals.
  ///
  /// Efron, "Bootstrap Methods: Another Look at the Jackknife", 1979, doi:10.1214/aos/1176344552.
  ///
  /// - Parameters:
  ///   - confidence: The share of values inside.
  ///   - resampleCount: How often to draw.
  ///   - seed: Where the draws come from.
  /// - Returns: nil for fewer than two documents.
  public func bitsPerByteInterval(
    confidence: Double = 0.95, resampleCount: Int = 1_000, seed: UInt64 = 0
  ) -> ClosedRange<Double>? {
    guard documents.count > 1, resampleCount > 1 else { return nil }
    var random = SplitMix64(seed: seed)
    var values: [Double] = []
    for _ in 0..<resampleCount {
      var sample = CorpusScore(documents: [])
      sample.documents.reserveCapacity(documents.count)
      for _ in documents.indices {
        sample.documents.append(documents[random.below(documents.count)])
      }
      if sample.bytes > 0 { values.append(sample.bitsPerByte) }
    }
    values.sort()
    guard let last = values.indices.last else { return nil }
    let tail = (1 - confidence) / 2
    let lower = Int((tail * Double(last)).rounded(.down))
    let upper = Int(((1 - tail) * Double(last)).rounded(.up))
    guard values[lower].isFinite, values[upper].isFinite else { return nil }
    return values[lower]...values[upper]
  }
}
