internal import TesseraBasics
internal import TesseraTokenizers

/// What methods that go by vectors do for a new token that has none.
public enum VectorlessRows: String, CaseIterable, Hashable, Sendable {
  /// Noise around the mean with the deviation of each component, as the methods were published.
  case normal
  /// The mean of the rows of the token's pieces, which stays in the convex hull.
  case pieces
}

extension InitializationContext {
  /// The recipes of all new tokens.
  ///
  /// - Parameters:
  ///   - found: The recipes of the tokens that have a vector.
  ///   - vectorless: What the others get.
  ///   - seed: Where noise starts; token i draws from stream i.
  func recipes(
    _ found: [TokenID: RowRecipe], vectorless: VectorlessRows, seed: UInt64
  ) -> RowRecipes {
    var recipes = RowRecipes()
    var noisy: [Int] = []
    for index in 0..<tokens.count {
      if let recipe = found[tokens.id(of: index)] {
        recipes.append(recipe)
      } else if vectorless == .pieces {
        recipes.append(.mean(of: tokens.pieceRows(of: index)))
      } else {
        recipes.append(RowRecipe(meanWeight: 1))
        noisy.append(index)
      }
    }
    guard !noisy.isEmpty else { return recipes }
    let deviation = statistics.deviation
    let width = deviation.count
    recipes.offsets = [Float](repeating: 0, count: tokens.count * width)
    for index in noisy {
      var random = SplitMix64(seed: seed, stream: UInt64(index))
      for i in 0..<width {
        recipes.offsets[index * width + i] = Float(deviation[i] * random.normal())
      }
    }
    return recipes
  }

  /// The IDs of the new tokens.
  var newIDs: [TokenID] { (0..<tokens.count).map { tokens.id(of: $0) } }

  /// The IDs of the base's tokens.
  var baseIDs: [TokenID] { tokenRows.flatMap { $0.map { TokenID($0) } } }
}
