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
    var recipes = RowRecipes(
      noise: vectorless == .normal ? .diagonal(factor: 1) : .none, seed: seed)
    for index in 0..<tokens.count {
      if var recipe = found[tokens.id(of: index)] {
        recipe.hasNoise = false
        recipes.append(recipe)
        continue
      }
      recipes.substituteCount += 1
      recipes.append(
        vectorless == .pieces
          ? .mean(of: tokens.pieceRows(of: index)) : RowRecipe(meanWeight: 1))
    }
    return recipes
  }

  /// The IDs of the new tokens.
  var newIDs: [TokenID] { (0..<tokens.count).map { tokens.id(of: $0) } }

  /// The IDs of the base's tokens.
  var baseIDs: [TokenID] { tokenRows.flatMap { $0.map { TokenID($0) } } }
}
