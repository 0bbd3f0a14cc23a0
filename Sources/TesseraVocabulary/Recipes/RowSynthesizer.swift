public import TesseraBasics
public import TesseraCheckpoints

/// Turns recipes into rows: reads the base rows that they name, adds up, adds the noise.
///
/// Sums are in double precision and in the order of the terms, and row i draws its noise from a
/// generator of its own, so a row depends neither on the number of threads nor on the block that it is
/// computed in.
///
/// Memory is O(block * width), and O(width^2) for noise with a covariance.
public struct RowSynthesizer: Sendable {
  /// The base matrix.
  public let base: TokenMatrix
  /// Mean and spread of the base matrix.
  public let statistics: MatrixStatistics
  /// The recipes to follow.
  public let recipes: RowRecipes
  /// Present if the noise has a covariance.
  private let factor: CovarianceFactor?

  /// Prepares what all rows share.
  ///
  /// - Parameters:
  ///   - recipes: The recipes to follow.
  ///   - base: The base matrix.
  ///   - tokenRows: The rows of the base that belong to tokens.
  ///   - statistics: Mean and spread of those rows.
  ///   - progress: Gets what measuring a covariance tells, where noise has one.
  /// - Precondition: The recipes name rows of the base alone, and have no offsets or one for each.
  public init(
    recipes: RowRecipes, base: TokenMatrix, tokenRows: [Range<Int>], statistics: MatrixStatistics,
    progress: ProgressHandler? = nil
  ) throws(VocabularyError) {
    precondition(
      (recipes.smallestRow ?? 0) >= 0 && (recipes.largestRow ?? -1) < base.rowCount,
      "a recipe names a row that the base does not have")
    precondition(
      recipes.offsets.isEmpty || recipes.offsets.count == recipes.count * base.width,
      "there is an offset for each recipe")
    self.base = base
    self.statistics = statistics
    self.recipes = recipes
    if case .covariance = recipes.noise {
      factor = try CovarianceFactor(
        of: base, rows: tokenRows, statistics: statistics, progress: progress)
    } else {
      factor = nil
    }
  }

  /// Computes some new rows, one after the other.
  ///
  /// - Parameter indices: Which of the recipes.
  /// - Precondition: There are such recipes.
  public func rows(in indices: Range<Int>) throws(VocabularyError) -> [Float] {
    let gathered = try gather(indices)
    let width = base.width
    var output = [Float](repeating: 0, count: indices.count * width)
    unsafe output.withUnsafeMutableBufferPointer { buffer in
      // SAFETY: each call of the body writes the rows of `range` alone, ranges are disjoint, and
      // `parallelFor` returns only after the last call, inside this closure.
      nonisolated(unsafe) let buffer = unsafe buffer
      parallelFor(0..<indices.count, grain: 16) { range in
        for k in range {
          let row = row(indices.lowerBound + k, gathered: gathered)
          for i in 0..<width { unsafe buffer[k * width + i] = Float(row[i]) }
        }
      }
    }
    return output
  }

  /// The base rows that some recipes name.
  private func gather(_ indices: Range<Int>) throws(VocabularyError) -> GatheredRows {
    try GatheredRows(indices.flatMap { recipes[$0].terms.map(\.row) }, of: base)
  }

  /// One new row.
  private func row(_ index: Int, gathered: GatheredRows) -> [Double] {
    let recipe = recipes[index]
    let width = base.width
    var sum =
      recipe.meanWeight == 0
      ? [Double](repeating: 0, count: width) : statistics.mean.map { $0 * recipe.meanWeight }
    var sums = sum.mutableSpan
    let values = gathered.values.span
    for term in recipe.terms {
      let start = gathered.position(of: term.row) * width
      for i in 0..<width { sums[i] += term.weight * Double(values[start + i]) }
    }
    if recipe.scale != 1 {
      for i in 0..<width { sum[i] *= recipe.scale }
    }
    if !recipes.offsets.isEmpty {
      for i in 0..<width { sum[i] += Double(recipes.offsets[index * width + i]) }
    }
    if recipe.hasNoise { addNoise(to: &sum, index: index) }
    return sum
  }

  /// Adds the noise of row `index`.
  private func addNoise(to row: inout [Double], index: Int) {
    if recipes.noise == .none { return }
    var random = SplitMix64(seed: recipes.seed, stream: UInt64(index))
    switch recipes.noise {
    case .none: break
    case .isotropic(let deviation):
      for i in row.indices { row[i] += deviation * random.normal() }
    case .diagonal(let factor):
      for i in row.indices { row[i] += factor * statistics.deviation[i] * random.normal() }
    case .covariance(let scale):
      guard let factor else { return }
      let normals = row.map { _ in Float(random.normal()) }
      var noise = [Double](repeating: 0, count: row.count)
      factor.multiply(normals, into: &noise)
      let root = scale.squareRoot()
      for i in row.indices { row[i] += root * noise[i] }
    }
  }
}
