/// A new row is the mean of the rows of the base tokens that it replaces.
///
///   row(t) = (1 / k) * sum over i of base[pieces(t)[i]],   k = the number of pieces
///
/// The pieces are the base tokenizer's encoding of the token's bytes, so that they are the tokens
/// which the model has read in its place until now. They are found on bytes: decoding them to text
/// first goes wrong for tokens that hold a part of a character.
///
/// Gee, Zugarini, Rigutini and Torroni, "Fast Vocabulary Transfer for Language Model Compression",
/// 2022, arXiv:2402.09977, section 3.
public struct SubwordMeanInitializer: RowInitializer {
  /// The method has no settings.
  public init() {}

  /// True: equal weights are convex.
  public var staysInHull: Bool { true }

  /// The same recipes for input and output rows.
  public func recipes(
    for role: MatrixRole, in context: InitializationContext, seed: UInt64
  ) -> RowRecipes {
    RowRecipes(for: context.tokens) { index in
      return .mean(of: context.tokens.pieceRows(of: index))
    }
  }
}
