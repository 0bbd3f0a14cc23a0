/// The normally distributed part of new rows.
public enum RowNoise: Hashable, Sendable {
  /// None: the recipe alone makes the row.
  case none
  /// Every component has the given standard deviation.
  case isotropic(deviation: Double)
  /// Component i has `factor` times the standard deviation of component i over the base rows.
  case diagonal(factor: Double)
  /// The covariance is `factor` times the covariance of the base rows.
  case covariance(factor: Double)
}
