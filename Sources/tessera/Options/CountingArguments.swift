import ArgumentParser
import TesseraBasics
import TesseraTokenizers

/// How a corpus becomes pre-tokens, for the verbs that count them.
struct CountingArguments: ParsableArguments {
  @Option(
    help: """
      How text is split before merging: \(PreTokenizerPattern.names), or a regular expression. \
      (default: o200k, or what --counts were counted with)
      """,
    transform: PreTokenizerPattern.parse)
  var pattern: PreTokenizerPattern?

  @Option(
    help: """
      How text is normalized before it is split. (default: none, or what --counts were counted with)
      """)
  var normalizer: Normalization?

  @Option(help: "A special token: cut out of the corpus, never made by text. (repeatable)")
  var special: [String] = []

  /// The options, with those that are not given as in `given`.
  func options(over given: CountingOptions = CountingOptions()) -> CountingOptions {
    CountingOptions(
      pattern: pattern ?? given.pattern, normalization: normalizer ?? given.normalization,
      specialTokens: special.isEmpty ? given.specialTokens : special)
  }
}

/// How much memory counting and training may take.
struct MemoryArguments: ParsableArguments {
  @Option(
    help: """
      The most memory to use, such as 256M or 4G; what does not fit goes to files beside the output. \
      The result does not depend on it. (default: no bound)
      """)
  var memory: MemorySize?

  /// The budget, with a folder for the files; from here on the process keeps no memory in reserve.
  ///
  /// - Throws: `TrainingError.memoryTooSmall`.
  func budget(in folder: String) throws -> MemoryBudget? {
    guard let memory else { return nil }
    let budget = MemoryBudget(size: memory.bytes, folder: folder)
    try budget.check()
    returnLargeMemoryAtOnce()
    return budget
  }
}
