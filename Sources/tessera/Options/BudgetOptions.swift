import ArgumentParser
import TesseraTraining

/// How long to train: one of three ways to say it.
struct BudgetOptions: ParsableArguments {
  @Option(help: "Train for this many steps.")
  var steps: Int?

  @Option(help: "Train on this many tokens.")
  var tokens: Int?

  @Option(help: "Train for about this many minutes; the speed is measured first.")
  var minutes: Double?

  mutating func validate() throws {
    let given = [steps != nil, tokens != nil, minutes != nil].count { $0 }
    if given > 1 { throw ValidationError("--steps, --tokens and --minutes exclude each other") }
    if let steps, steps < 1 { throw ValidationError("--steps must be at least 1, not \(steps)") }
    if let tokens, tokens < 1 {
      throw ValidationError("--tokens must be at least 1, not \(tokens)")
    }
    if let minutes, !(minutes > 0 && minutes < 1e7) {
      throw ValidationError("--minutes must be positive, not \(minutes)")
    }
  }

  /// What was said, or nil.
  var budget: TrainingBudget? {
    if let steps { return .steps(steps) }
    if let tokens { return .tokens(tokens) }
    if let minutes { return .seconds(minutes * 60) }
    return nil
  }
}
