/// A bound for how often any source is passed over in a run.
///
/// A source that would be passed over too often has its weights in all stages times one factor below 1, and
/// each stage's weights are then made 1 in sum again. So what it would have had beyond the limit goes to
/// the others of the stage, by their weights, one that is meant for the end is not used up before, and a
/// stage with one source has it whole.
///
/// With equal weights and one stage this is UniMax: Chung et al., "UniMax: Fairer and More Effective
/// Language Sampling for Large-Scale Multilingual Pretraining", 2023, arXiv:2304.09151, algorithm 1.
struct EpochLimit {
  /// The most passes over a source.
  let passes: Double

  /// How much the limit may be missed by, as a part of it: less than a sequence of any run.
  private static let tolerance = 1e-7
  /// How often factors are set anew: each time brings them nearer by a part, and most are there in a few
  /// dozen.
  private static let roundLimit = 20_000
  /// A factor that is as small as this has nowhere to go.
  private static let smallestFactor = 1e-200

  /// Weights that keep the limit.
  ///
  /// - Parameters:
  ///   - stages: For each stage the weights of the sources, 1 in sum.
  ///   - sequenceCounts: The sequences of each stage.
  ///   - sequencesPerPass: For each stage, the sequences of a pass over each source.
  ///   - names: The names of the sources.
  /// - Returns: For each stage the weights of the sources, 1 in sum; those given where they keep it.
  /// - Throws: ``DataPlanError/epochLimit(_:source:passes:)``, where the others cannot give so much.
  func weights(
    _ stages: [[Double]], sequenceCounts: [Int], sequencesPerPass: [[Int]], names: [String]
  ) throws(DataPlanError) -> [[Double]] {
    /// The passes over a source that weights come to.
    func passes(over source: Int, _ weights: [[Double]]) -> Double {
      stages.indices.reduce(0) { sum, stage in
        sum + weights[stage][source] * Double(sequenceCounts[stage])
          / Double(sequencesPerPass[stage][source])
      }
    }
    var factors = names.map { _ in 1.0 }
    var weights = stages
    for _ in 0..<Self.roundLimit {
      let found = names.indices.map { passes(over: $0, weights) }
      let isKept = found.allSatisfy { $0 <= self.passes * (1 + Self.tolerance) }
      // One that was made smaller than it has to be gets what it may have.
      let isTight = zip(found, factors).allSatisfy { passes, factor in
        factor == 1 || passes == 0 || passes >= self.passes * (1 - Self.tolerance)
      }
      if isKept && isTight { return weights }
      for source in names.indices where found[source] > 0 {
        factors[source] = min(1, factors[source] * self.passes / found[source])
      }
      if factors.contains(where: { $0 < Self.smallestFactor }) { break }
      weights = stages.map { weights in
        let scaled = zip(weights, factors).map { $0 * $1 }
        let sum = scaled.reduce(0, +)
        return scaled.map { $0 / sum }
      }
    }
    let found = names.indices.map { passes(over: $0, weights) }
    let worst = found.indices.max { found[$0] < found[$1] } ?? 0
    throw .epochLimit(self.passes, source: names[worst], passes: found[worst])
  }
}
