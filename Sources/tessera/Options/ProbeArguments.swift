import ArgumentParser
import TesseraCorpora
import TesseraTraining

/// What `evaluate` measures beside bits per byte.
struct ProbeArguments: ParsableArguments {
  @Option(
    help: """
      Probes to make of the corpora, with commas between them: all, or some of \
      \(Probe.allCases.map(\.rawValue).joined(separator: ", ")).
      """)
  var probes: ProbeList?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "For the probe parallel: files with a sentence, a tab and its translation on each line.",
      valueName: "file"), completion: .file())
  var parallel: [String] = []

  @Option(help: "Items of a probe for each corpus.")
  var probeItems = ProbeOptions().itemLimit

  @Option(help: "Texts that the model writes for the probe generation.")
  var samples = ProbeOptions().sampleCount

  @OptionGroup var seed: SeedOption

  mutating func validate() throws {
    try checkRange("--probe-items", probeItems, 1...1_000_000)
    try checkRange("--samples", samples, 1...100_000)
    if probes?.probes.contains(.parallel) == true, parallel.isEmpty, probes?.isAll != true {
      throw ValidationError("the probe parallel needs --parallel")
    }
    if !parallel.isEmpty, probes?.probes.contains(.parallel) != true {
      throw ValidationError("--parallel is for --probes parallel")
    }
  }

  /// The probes that are asked for, parallel text's left out where there is none.
  var chosen: [Probe] {
    (probes?.probes ?? []).filter { !$0.needsParallelText || !parallel.isEmpty }
  }

  /// How they are made.
  var options: ProbeOptions {
    var options = ProbeOptions()
    options.itemLimit = probeItems
    options.sampleCount = samples
    options.seed = seed.seed
    return options
  }
}

/// Names of probes with commas between them, or all.
struct ProbeList: ExpressibleByArgument {
  let probes: [Probe]
  /// Whether they were not named one by one.
  let isAll: Bool

  /// What errors name.
  static var allValueStrings: [String] { ["all"] + Probe.allCases.map(\.rawValue) }

  init?(argument: String) {
    isAll = argument == "all"
    if isAll {
      probes = Probe.allCases
      return
    }
    var probes: [Probe] = []
    for name in argument.split(separator: ",", omittingEmptySubsequences: false) {
      guard let probe = Probe(rawValue: String(name)), !probes.contains(probe) else { return nil }
      probes.append(probe)
    }
    self.probes = probes
  }
}
