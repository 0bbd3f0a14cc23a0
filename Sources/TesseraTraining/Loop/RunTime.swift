/// The time that a run takes, over all the calls that it needs.
///
/// Each state says how much it was when it was saved. So of a call that was killed the time up to its
/// last state is known, and what came after, which is done again, is not counted.
public struct RunTime: Hashable, Sendable {
  /// What earlier calls have taken.
  public private(set) var earlierSeconds = 0.0
  private let start = ContinuousClock.now

  /// Starts the clock of this call.
  public init() {}

  /// Takes note of the time that all earlier calls have taken together, as one of them has left it;
  /// the greatest one is that of the latest.
  public mutating func add(earlier seconds: Double) {
    earlierSeconds = max(earlierSeconds, seconds)
  }

  /// The time so far.
  public var seconds: Double { earlierSeconds + (ContinuousClock.now - start) / .seconds(1) }
}
