import ArgumentParser
import TesseraTraining

/// What is done about steps that go wrong.
struct GuardArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Leave a step out whose loss is more than this many standard deviations above those of the last \
      128, such as 7.
      """, valueName: "z"))
  var skipLoss: Double?

  @Option(help: ArgumentHelp("The same for the norm of its gradient.", valueName: "z"))
  var skipGradient: Double?

  @Option(
    help: ArgumentHelp(
      """
      Keep a copy of weights and moments in memory after every so many steps, and go back to it when \
      weights are no numbers any more; 0 keeps none. (default: 100 where a copy is below 256 MiB)
      """, valueName: "steps"))
  var snapshots: Int?

  mutating func validate() throws {
    for (name, value) in [("skip-loss", skipLoss), ("skip-gradient", skipGradient)] {
      if let value, !(0...1e6).contains(value) {
        throw ValidationError("--\(name) must be between 0 and 1000000, not \(value)")
      }
    }
    try checkRange("--snapshots", snapshots, 0...BudgetOptions.maximumSteps)
  }

  /// What the library is to do.
  var options: GuardOptions {
    var options = GuardOptions()
    options.lossSpikeLimit = skipLoss
    options.gradientSpikeLimit = skipGradient
    options.snapshotInterval = snapshots
    return options
  }
}
