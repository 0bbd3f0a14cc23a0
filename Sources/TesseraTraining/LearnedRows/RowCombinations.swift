import TesseraBasics
import TesseraModels
import TesseraTokenizers
import TesseraVocabulary

/// New rows as combinations of base rows, and what changes their weights.
struct RowCombinations: Sendable {
  /// For each token, its base rows in ascending order.
  private let candidates: [[Int]]
  /// [tokens, slots]: the weights with which a token's row is the mean of its pieces, in the order of
  /// candidates, then zeros.
  private var starts: [Double]
  /// [tokens, slots]: what is learned, the difference to those weights.
  private var optimizer: RowOptimizer
  private let slotCount: Int

  /// Combinations that begin as the means of pieces.
  ///
  /// - Parameters:
  ///   - candidates: For each token base rows in ascending order, its pieces among them.
  ///   - tokens: The new tokens.
  ///   - rate: The learning rate of the weights.
  init(candidates: [[Int]], tokens: NewTokens, rate: Double) {
    self.candidates = candidates
    slotCount = candidates.map(\.count).max() ?? 0
    starts = [Double](repeating: 0, count: candidates.count * slotCount)
    for (index, rows) in candidates.enumerated() {
      let pieces = tokens.pieces(of: index)
      for (slot, row) in rows.enumerated() {
        let count = pieces.count { Int($0) == row }
        starts[index * slotCount + slot] = Double(count) / Double(pieces.count)
      }
    }
    optimizer = RowOptimizer(
      rows: [Float](repeating: 0, count: starts.count), width: slotCount, learningRate: rate)
  }

  /// The weight of a candidate of a token.
  private func weight(_ index: Int, _ slot: Int) -> Double {
    starts[index * slotCount + slot] + Double(optimizer.rows[index * slotCount + slot])
  }

  /// Makes one update of the weights from the gradient of the rows, [tokens, width].
  mutating func step(_ gradient: [Float], of model: ExtendedTransformer, _ role: MatrixRole) {
    let width = model.model.configuration.width
    let (candidates, slotCount) = (candidates, slotCount)
    let slopes = parallelMap(candidates.count) { index in
      var slopes = [Float](repeating: 0, count: slotCount)
      let slope = gradient[index * width..<(index + 1) * width]
      guard slope.contains(where: { $0 != 0 }) else { return slopes }
      for (slot, row) in candidates[index].enumerated() {
        var sum = 0.0
        for (a, b) in zip(slope, model.row(row, role)) { sum += Double(a) * Double(b) }
        slopes[slot] = Float(sum)
      }
      return slopes
    }
    optimizer.step(slopes.flatMap { $0 })
  }

  /// The rows, [tokens, width], as the recipes will make them.
  func rows(of model: ExtendedTransformer, _ role: MatrixRole) -> [Float] {
    let width = model.model.configuration.width
    return parallelMap(candidates.count) { index in
      var sum = [Double](repeating: 0, count: width)
      for (slot, row) in candidates[index].enumerated() {
        let weight = weight(index, slot)
        for (i, value) in model.row(row, role).enumerated() { sum[i] += weight * Double(value) }
      }
      return sum.map { Float($0) }
    }.flatMap { $0 }
  }

  /// The recipes of the rows.
  var recipes: RowRecipes {
    var recipes = RowRecipes()
    for (index, rows) in candidates.enumerated() {
      recipes.append(
        RowRecipe(
          terms: rows.enumerated().compactMap { slot, row in
            let weight = weight(index, slot)
            return weight == 0 ? nil : RowRecipe.Term(row: row, weight: weight)
          }))
    }
    return recipes
  }
}
