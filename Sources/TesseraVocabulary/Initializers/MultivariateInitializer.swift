/// A new row is drawn from a normal distribution with the base's mean and a scaled covariance.
///
///   row(t) ~ N(mean, scale * covariance),   covariance = (base - mean)^T (base - mean) / n
///
/// At the default scale this is the mean with just enough noise that rows differ; transformers uses
/// 1e-9. At scale 1 rows leave the convex hull, and they and their logits are like those of the base:
/// among n base and m new tokens a new one is the most likely in about m / (n + m) of all states.
///
/// Hewitt, "Initializing New Word Embeddings for Pretrained Language Models", 2021; the scale of
/// 1e-5 as there and in Mundra et al., "An Empirical Comparison of Vocabulary Expansion and
/// Initialization Approaches for Language Models", 2024, arXiv:2407.05841.
public struct MultivariateInitializer: RowInitializer {
  /// The factor of the covariance.
  public var scale: Double

  /// The method with a factor of the covariance.
  public init(scale: Double = 1e-5) {
    self.scale = scale
  }

  /// False: noise can leave the hull, even if it does not in practice at a small scale.
  public var staysInHull: Bool { false }

  /// The mean with noise for all tokens.
  public func recipes(
    for role: MatrixRole, in context: InitializationContext, seed: UInt64
  ) -> RowRecipes {
    var recipes = RowRecipes(noise: .covariance(factor: scale), seed: seed)
    for _ in 0..<context.tokens.count { recipes.append(RowRecipe(meanWeight: 1)) }
    return recipes
  }
}
