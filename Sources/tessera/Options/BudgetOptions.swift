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

  /// The most steps: at ten a second they take four months.
  static let maximumSteps = 100_000_000
  /// The most tokens, in steps of whatever size: at a hundred thousand a second, four months.
  static let maximumTokens = 1_000_000_000_000
  /// The most minutes: about two years.
  static let maximumMinutes = 1e6

  mutating func validate() throws {
    let given = [steps != nil, tokens != nil, minutes != nil].count { $0 }
    if given > 1 { throw ValidationError("--steps, --tokens and --minutes exclude each other") }
    try checkRange("--steps", steps, 1...Self.maximumSteps)
    try checkRange("--tokens", tokens, 1...Self.maximumTokens)
    if let minutes, !(minutes > 0 && minutes <= Self.maximumMinutes) {
      throw ValidationError(
        "--minutes must be above 0 and at most \(Int(Self.maximumMinutes)), not \(minutes)")
    }
  }

  /// Refuses more tokens than a run may have, where they are given as steps of a number of tokens.
  func checkTokens(batchTokens: Int?) throws {
    guard let steps, let batchTokens, steps > Self.maximumTokens / batchTokens else { return }
    throw ValidationError(
      "--steps times --batch-tokens must be at most \(Self.maximumTokens), not "
        + "\(steps) times \(batchTokens)")
  }

  /// What was said, or nil.
  var budget: TrainingBudget? {
    if let steps { return .steps(steps) }
    if let tokens { return .tokens(tokens) }
    if let minutes { return .seconds(minutes * 60) }
    return nil
  }
}
