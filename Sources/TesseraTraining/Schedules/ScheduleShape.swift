#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// How a quantity moves from one value to another within a segment of a schedule.
///
/// Each shape is a weight w(x) that runs from 0 at x = 0 to 1 at x = 1; the value at progress x is
/// `from + (to - from) * w(x)`, except for ``exponential``, which interpolates the logarithms.
public enum ScheduleShape: String, CaseIterable, Hashable, Sendable {
  /// Stays at `to` for the whole segment.
  case constant
  /// w(x) = x.
  case linear
  /// w(x) = (1 - cos(πx)) / 2.
  case cosine
  /// w(x) = √x, so that a decay follows 1 - √x.
  ///
  /// Hägele et al., "Scaling Laws and Compute-Optimal Training Beyond Fixed Training Durations",
  /// 2024, arXiv:2405.18392.
  case oneMinusSquareRoot = "one-minus-square-root"
  /// from · (to / from)^x; both ends must be positive.
  case exponential
  /// w(x) = h(x) / h(1) with h(x) = 1 - 1 / √(1 + αx): steep at first, flat at the end. The steepness α
  /// is 9 where a segment has no other.
  case inverseSquareRoot = "inverse-square-root"

  /// The value at a progress between 0 and 1.
  ///
  /// Both ends are met exactly: `from` at 0 (except for ``constant``) and `to` at 1.
  ///
  /// - Parameters:
  ///   - progress: The progress.
  ///   - from: The value at 0.
  ///   - to: The value at 1.
  ///   - steepness: α of ``inverseSquareRoot``.
  public func value(
    at progress: Double, from: Double, to: Double, steepness: Double = ScheduleShape.steepness
  ) -> Double {
    if progress >= 1 || self == .constant { return to }
    if progress <= 0 { return from }
    switch self {
    case .constant: return to
    case .linear: return from + (to - from) * progress
    case .cosine: return from + (to - from) * (1 - cos(.pi * progress)) / 2
    case .oneMinusSquareRoot: return from + (to - from) * progress.squareRoot()
    case .exponential: return from * pow(to / from, progress)
    case .inverseSquareRoot:
      let weight = 1 - 1 / (1 + steepness * progress).squareRoot()
      let whole = 1 - 1 / (1 + steepness).squareRoot()
      return from + (to - from) * weight / whole
    }
  }

  /// α of the inverse square root where a segment has no other.
  public static let steepness = 9.0
}
