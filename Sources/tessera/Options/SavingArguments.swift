import ArgumentParser

/// When a run saves its state, and whether it goes on from one.
struct SavingArguments: ParsableArguments {
  @Flag(help: "Continue the run in the output folder.")
  var resume = false

  @Option(
    help: ArgumentHelp(
      "Save the state after every so many steps, beside every five minutes.", valueName: "steps"))
  var saveEvery: Int?

  /// Options that a resumed run may be given other values for.
  static let free: Set<String> = ["save-every"]

  mutating func validate() throws {
    try checkRange("--save-every", saveEvery, 1...BudgetOptions.maximumSteps)
  }

  /// Refuses to resume what is to be replaced.
  func check(force: Bool) throws {
    if resume && force { throw ValidationError("--resume and --force exclude each other") }
  }
}
