/// A new row is drawn as rows are before training: zero mean, the same deviation everywhere.
///
///   row(t)[i] ~ N(0, deviation^2)
///
/// What a library does that knows nothing better, and the method to compare the others with. A row
/// around zero has logits around zero, while a trained model's are often all far below; the new
/// tokens then take nearly all the probability until training pushes them down.
public struct RandomInitializer: RowInitializer {
  /// Where the standard deviation is from.
  public enum Deviation: Hashable, Sendable {
    /// The configuration's `initializer_range`, and where that is missing, as for `matched`.
    case configured
    /// That of all components of the base matrix.
    case matched
    /// A given number.
    case value(Double)
  }

  /// Where the standard deviation is from.
  public var deviation: Deviation

  /// The method with a standard deviation.
  public init(deviation: Deviation = .configured) {
    self.deviation = deviation
  }

  /// False: the hull has no part in it.
  public var staysInHull: Bool { false }

  /// Noise alone, for all tokens.
  public func recipes(
    for role: MatrixRole, in context: InitializationContext, seed: UInt64
  ) -> RowRecipes {
    let matched = context.statistics.overallDeviation
    let deviation =
      switch deviation {
      case .configured: context.initializerRange ?? matched
      case .matched: matched
      case .value(let value): value
      }
    var recipes = RowRecipes(noise: .isotropic(deviation: deviation), seed: seed)
    for _ in 0..<context.tokens.count { recipes.append(RowRecipe()) }
    return recipes
  }
}
