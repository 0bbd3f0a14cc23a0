internal import TesseraTokenizers

/// A new row is the mean of the rows of the two tokens that its merge joins, each of which may be new.
///
///   row(t) = (row(left) + row(right)) / 2
///
/// So a piece that was joined late counts more than one deep in the tree: half for the last merge, a
/// quarter for the one before. Base tokens are the leaves.
///
/// Yamaguchi, Villavicencio and Aletras, "How Can We Effectively Expand the Vocabulary of LLMs with
/// 0.01GB of Target Language Text?", 2024, arXiv:2406.11477, as "merge".
public struct MergeTreeInitializer: RowInitializer {
  /// The method has no settings.
  public init() {}

  /// True: a mean of means is one.
  public var staysInHull: Bool { true }

  /// The same recipes for input and output rows, each from those of the tokens before.
  ///
  /// - Complexity: O(pieces of all tokens).
  public func recipes(
    for role: MatrixRole, in context: InitializationContext, seed: UInt64
  ) -> RowRecipes {
    let tokens = context.tokens
    var recipes = RowRecipes()
    for index in 0..<tokens.count {
      let merge = tokens.merge(of: index)
      let terms = [merge.left, merge.right].flatMap { token in
        tokens.index(of: token).map { recipes[$0].terms }
          ?? RowRecipe.mean(of: tokens.leaves(of: token).map { Int($0) }).terms
      }
      recipes.append(.mean(of: terms.map(\.row), weights: terms.map(\.weight)))
    }
    return recipes
  }
}
