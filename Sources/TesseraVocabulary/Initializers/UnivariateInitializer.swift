/// A new row is drawn from a normal distribution with the mean and deviation of each component.
///
///   row(t)[i] ~ N(mean[i], deviation[i]^2),   independent over t and i
///
/// Norms are like those of base rows. Logits are so only as far as components are independent in the
/// base too: what they have in common, such as directions in which all rows are spread out, is lost.
/// The baseline of the literature; rows outside the convex hull of the base's.
///
/// Minixhofer, Paischer and Rekabsaz, "WECHSEL", 2022, arXiv:2112.06598, use it for tokens without a
/// vector.
public struct UnivariateInitializer: RowInitializer {
  /// The factor of the deviations, 1 in the literature.
  public var factor: Double

  /// The method with a factor of the deviations.
  public init(factor: Double = 1) {
    self.factor = factor
  }

  /// False: independent components leave the hull.
  public var staysInHull: Bool { false }

  /// The mean with noise for all tokens.
  public func recipes(
    for role: MatrixRole, in context: InitializationContext, seed: UInt64
  ) -> RowRecipes {
    var recipes = RowRecipes(noise: .diagonal(factor: factor), seed: seed)
    for _ in 0..<context.tokens.count { recipes.append(RowRecipe(meanWeight: 1)) }
    return recipes
  }
}
