import TesseraBasics
import TesseraTraining

extension Console {
  /// What training keeps in memory for each parameter: weight, gradient and two moments, 4 bytes each.
  private static let trainingBytesPerParameter = 16

  /// Says what a training is going to take, as far as that is known before it begins.
  func sayCost(parameterCount: Int, tokenCount: Int, tokensPerSecond: Double?) {
    let size = Double(parameterCount * Self.trainingBytesPerParameter)
    say(
      "memory: \(formatAmount(size, unit: "B")) for weights, gradients and moments, and the "
        + "activations of a step")
    guard let tokensPerSecond, tokensPerSecond > 0 else { return }
    say(
      "speed: \(groupDigits(Int(min(tokensPerSecond, 1e15)))) tokens/s, about "
        + formatDuration(Double(tokenCount) / tokensPerSecond))
  }

  /// Warns of a model directory that a run of adapt or pretrain has left before it was done.
  func warnIfUnfinished(_ folder: String) {
    guard RunDirectory.isUnfinished(folder) else { return }
    say(
      "warning: the run in \(folder) has not ended, so this is not its result yet; go on with "
        + "--resume")
  }
}
