import ArgumentParser

/// The seed of everything random that a verb does.
struct SeedOption: ParsableArguments {
  @Option(help: "Seed of everything random: the same seed gives the same bytes.")
  var seed: UInt64 = 0
}
