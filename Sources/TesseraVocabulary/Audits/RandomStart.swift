/// The norms that rows have before training, when their components are drawn from a normal distribution.
///
/// The norm of `width` components of deviation s is s * sqrt(width) on average, with a deviation of
/// s / sqrt(2); a row within three of those was seldom or never trained.
struct RandomStart: Sendable {
  /// The mean of the norms; 0 if it is not known.
  private let norm: Double
  /// Three deviations.
  private let tolerance: Double

  /// The norms for a width.
  ///
  /// - Parameter initializerRange: The deviation of weights before training; without it no row is told.
  init(initializerRange: Double?, width: Int) {
    norm = (initializerRange ?? 0) * Double(width).squareRoot()
    tolerance = 3 * norm / (2 * Double(width)).squareRoot()
  }

  /// Whether it is known what rows start like.
  var isKnown: Bool { norm > 0 }

  /// Whether a row of this norm is as large as at the start.
  func contains(norm other: Double) -> Bool { isKnown && abs(other - norm) <= tolerance }
}
