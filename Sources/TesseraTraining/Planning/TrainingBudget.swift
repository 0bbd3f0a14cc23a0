/// How long a run may be.
public enum TrainingBudget: Hashable, Sendable {
  /// A number of steps.
  case steps(Int)
  /// A number of training tokens.
  case tokens(Int)
  /// A time; it becomes a number of steps by the measured speed, once, before the first step.
  case seconds(Double)

  /// The number of steps for a batch and a speed, at least one.
  ///
  /// - Parameters:
  ///   - batchTokenCount: The tokens of a step.
  ///   - tokensPerSecond: The measured speed; used for ``seconds(_:)`` alone.
  public func steps(batchTokenCount: Int, tokensPerSecond: Double) -> Int {
    switch self {
    case .steps(let steps): max(1, steps)
    case .tokens(let tokens): max(1, tokens / batchTokenCount)
    case .seconds(let seconds):
      max(1, Int(min(seconds * tokensPerSecond / Double(batchTokenCount), 1e12)))
    }
  }
}
