/// Every new row is the mean of all base rows.
///
///   row(t) = mean
///
/// With n base tokens and m new ones, the logit of each new token is the mean of the base logits, so
/// the new tokens together take at most m / (n + m) of the probability: the model is hardly changed.
/// The rows are equal, and training has to tell them apart; it does, since their gradients differ.
///
/// John Hewitt, "Initializing New Word Embeddings for Pretrained Language Models", 2021.
public struct MeanInitializer: RowInitializer {
  /// The method has no settings.
  public init() {}

  /// True: equal weights are convex.
  public var staysInHull: Bool { true }

  /// One recipe, for all tokens.
  public func recipes(
    for role: MatrixRole, in context: InitializationContext, seed: UInt64
  ) -> RowRecipes {
    RowRecipes(for: context.tokens) { _ in RowRecipe(meanWeight: 1) }
  }
}
