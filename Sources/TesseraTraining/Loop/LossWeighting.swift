public import TesseraBasics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Weights of a step's sequences by their own losses: less for text that the model knows already.
///
/// A sequence with the mean loss l counts exp(min(l, m + s) / temperature) times, with m and s the mean and
/// the standard deviation of the means in the step, and all of them so much that the weights are 1 in the
/// mean over targets. The cap keeps text that is noise from being favored. Losses are those of the weights
/// before the step, which takes a pass forward over all of its sequences, a third of a step more.
///
/// Sow et al., "Dynamic Loss-Based Sample Reweighting for Improved Large Language Model Pretraining", 2025,
/// arXiv:2502.06733, whose strategy LinUpper is linear in the loss up to a bound; the bound here follows the
/// step.
public struct LossWeighting: Hashable, Sendable {
  /// How many nats of a token's loss make a weight e times as large.
  public var temperature: Double
  /// The first step with weights: before the warmup is over, losses say little about texts.
  public var firstStep: Int

  /// Creates a rule.
  ///
  /// - Precondition: The temperature is positive.
  public init(temperature: Double, firstStep: Int) {
    precondition(temperature > 0, "a temperature is positive")
    self.temperature = temperature
    self.firstStep = firstStep
  }

  /// The weights of sequences; 1 for all where a loss is not a number, since the step will be left out.
  ///
  /// - Parameter losses: The summed loss of each sequence, and its number of targets.
  public func weights(of losses: [(sum: Double, count: Int)]) -> [Double] {
    let scored = losses.filter { $0.count > 0 }
    let means = scored.map { $0.sum / Double($0.count) }
    guard !means.isEmpty, means.allSatisfy(\.isFinite) else { return losses.map { _ in 1 } }
    let mean = means.reduce(0, +) / Double(means.count)
    let variance = means.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(means.count)
    let bound = mean + variance.squareRoot()
    let largest = min(means.reduce(-.infinity, max), bound)
    let weights = losses.map { loss in
      loss.count == 0
        ? 0 : exp((min(loss.sum / Double(loss.count), bound) - largest) / temperature)
    }
    let total = zip(losses, weights).reduce(0) { $0 + Double($1.0.count) * $1.1 }
    let count = scored.reduce(0) { $0 + $1.count }
    return weights.map { $0 * Double(count) / total }
  }

  /// As a part of a plan's record.
  public var record: JSONValue {
    .object(["temperature": .init(temperature), "first_step": .init(firstStep)])
  }
}
