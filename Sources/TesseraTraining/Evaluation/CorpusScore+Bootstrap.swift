extension CorpusScore {
  /// An interval for the bits per byte, as wide as the choice of documents makes it.
  ///
  /// Documents are drawn again, with replacement, as often as there are, and the bits per byte are
  /// computed anew; the interval holds the middle `confidence` of such values. Compare two models on
  /// the same documents by ``ScoreComparison`` rather than by two of these intervals.
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
    Bootstrap.interval(
      itemCount: documents.count, confidence: confidence, resampleCount: resampleCount, seed: seed
    ) { items in
      let sample = CorpusScore(documents: items.map { documents[$0] })
      return sample.bytes > 0 ? sample.bitsPerByte : nil
    }
  }
}
