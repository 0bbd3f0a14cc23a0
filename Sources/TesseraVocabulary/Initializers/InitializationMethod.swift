/// The methods of initialization by their names on the command line.
public enum InitializationMethod: String, CaseIterable, Hashable, Sendable {
  /// Every new row is the mean of all rows: ``MeanInitializer``.
  case mean
  /// A new row is the mean of the rows of its pieces: ``SubwordMeanInitializer``.
  case subwordMean = "subword-mean"
  /// Rows like those of the base, each component by itself: ``UnivariateInitializer``.
  case univariate
  /// The mean, and a little noise with the base's covariance: ``MultivariateInitializer``.
  case multivariate
  /// Rows as before any training: ``RandomInitializer``.
  case random

  /// The method with its recommended settings.
  public var initializer: any RowInitializer {
    switch self {
    case .mean: MeanInitializer()
    case .subwordMean: SubwordMeanInitializer()
    case .univariate: UnivariateInitializer()
    case .multivariate: MultivariateInitializer()
    case .random: RandomInitializer()
    }
  }
}
