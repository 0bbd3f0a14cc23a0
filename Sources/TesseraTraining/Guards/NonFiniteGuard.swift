/// Leaves out steps whose loss or gradient is not a number, and gives up when they do not stop.
///
/// Such a step changes nothing: the weights and the moments stay, so one broken batch costs one
/// step. Several in a row mean that the weights themselves are broken.
struct NonFiniteGuard: Hashable, Sendable {
  /// How many steps in a row may be left out.
  let limit: Int
  /// How many steps in a row were left out.
  private(set) var inARow = 0
  /// How many steps were left out in all.
  private(set) var total = 0

  /// Creates a guard, or continues one from its counts.
  init(limit: Int, inARow: Int = 0, total: Int = 0) {
    self.limit = limit
    self.inARow = inARow
    self.total = total
  }

  /// What to do with a step.
  enum Verdict: Hashable {
    case update, skip, stop
  }

  /// Judges a step by the sum of its losses and the norm of its gradient.
  mutating func judge(loss: Double, gradientNorm: Double) -> Verdict {
    if loss.isFinite && gradientNorm.isFinite {
      inARow = 0
      return .update
    }
    inARow += 1
    total += 1
    return inARow > limit ? .stop : .skip
  }
}
