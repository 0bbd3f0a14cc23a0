import TesseraBasics

/// Intervals for what is computed from items that were chosen at random.
///
/// Efron, "Bootstrap Methods: Another Look at the Jackknife", 1979, doi:10.1214/aos/1176344552.
enum Bootstrap {
  /// The middle `confidence` of the values of a statistic over items that are drawn again, with
  /// replacement, as many as there are.
  ///
  /// - Parameters:
  ///   - itemCount: The number of items.
  ///   - confidence: The share of values inside.
  ///   - resampleCount: How often to draw.
  ///   - seed: Where the draws come from.
  ///   - statistic: Gets the items that were drawn; nil where they have no value.
  /// - Returns: nil for fewer than two items, and where a bound is no number.
  static func interval(
    itemCount: Int, confidence: Double = 0.95, resampleCount: Int = 1_000, seed: UInt64 = 0,
    statistic: (_ items: [Int]) -> Double?
  ) -> ClosedRange<Double>? {
    guard itemCount > 1, resampleCount > 1 else { return nil }
    var random = SplitMix64(seed: seed)
    var items = [Int](repeating: 0, count: itemCount)
    var values: [Double] = []
    for _ in 0..<resampleCount {
      for index in items.indices { items[index] = random.below(itemCount) }
      if let value = statistic(items) { values.append(value) }
    }
    guard let last = values.indices.last, !values.contains(where: \.isNaN) else { return nil }
    values.sort()
    let tail = (1 - confidence) / 2
    let lower = values[Int((tail * Double(last)).rounded(.down))]
    let upper = values[Int(((1 - tail) * Double(last)).rounded(.up))]
    guard lower.isFinite, upper.isFinite else { return nil }
    return lower...upper
  }

  /// An interval for the mean of values.
  static func interval(
    ofMean values: [Double], confidence: Double = 0.95, seed: UInt64 = 0
  ) -> ClosedRange<Double>? {
    interval(itemCount: values.count, confidence: confidence, seed: seed) { items in
      items.reduce(0) { $0 + values[$1] } / Double(items.count)
    }
  }
}
