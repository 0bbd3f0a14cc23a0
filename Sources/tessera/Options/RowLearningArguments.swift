import ArgumentParser
import TesseraTraining
import TesseraVocabulary

/// How rows are learned with the model itself, for methods that do.
struct RowLearningArguments: ParsableArguments {
  @Option(
    help: """
      For distill, contextual, reprogram and corrected-first: the most tokens of text to learn from, as the \
      base reads them. (default: \(RowLearningOptions.defaultTokenCount))
      """)
  var learnTokens: Int?

  @Option(
    help: """
      For distill and reprogram: the learning rate. (default: for distill a share of the embedding's root \
      mean square, for reprogram \(RowLearning.reprogrammingRate))
      """)
  var learnRate: Double?

  @Option(
    help: """
      For distill and contextual: after how many layers states are looked at. (default: all for distill, a \
      third for contextual)
      """)
  var learnDepth: Int?

  @Option(
    help: """
      For reprogram: how many base rows a row is a combination of, besides its pieces. \
      (default: \(RowLearningOptions().candidateCount))
      """)
  var candidates: Int?

  @Flag(
    inversion: .prefixedNo,
    help: """
      For distill on a tied model: let rows learn to be written as well as to be read. \
      (default: --\(RowLearningOptions().learnsTiedOutput ? "" : "no-")learn-tied-output)
      """)
  var learnTiedOutput: Bool?

  mutating func validate() throws {
    try checkRange("--learn-tokens", learnTokens, 1...1 << 40)
    try checkRange("--learn-depth", learnDepth, 0...100_000)
    try checkRange("--candidates", candidates, 1...100_000)
    if let learnRate, !(learnRate > 0 && learnRate < 10) {
      throw ValidationError("--learn-rate must be positive and below 10, not \(learnRate)")
    }
  }

  /// The options that are given, with the methods that follow them.
  private var given: [(name: String, methods: [InitializationMethod])] {
    let all = InitializationMethod.allCases.filter(\.learnsRows)
    let options: [(String, Bool, [InitializationMethod])] = [
      ("--learn-tokens", learnTokens != nil, all),
      ("--learn-rate", learnRate != nil, [.distill, .reprogram]),
      ("--learn-depth", learnDepth != nil, [.distill, .contextual]),
      ("--candidates", candidates != nil, [.reprogram]),
      ("--learn-tied-output", learnTiedOutput != nil, [.distill]),
    ]
    return options.filter(\.1).map { ($0.0, $0.2) }
  }

  /// The first option that is given.
  var firstGiven: String? { given.first?.name }

  /// Refuses options that nothing would follow.
  ///
  /// - Parameter methods: The methods of the embedding and the head.
  func check(for methods: [InitializationMethod]) throws {
    for option in given where !methods.contains(where: { option.methods.contains($0) }) {
      let names = option.methods.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("\(option.name) is for --init \(names)")
    }
  }

  /// The library's options.
  func options(seed: UInt64) -> RowLearningOptions {
    var options = RowLearningOptions()
    options.tokenCount = learnTokens
    options.learningRate = learnRate
    options.depth = learnDepth
    if let candidates { options.candidateCount = candidates }
    if let learnTiedOutput { options.learnsTiedOutput = learnTiedOutput }
    options.seed = seed
    return options
  }
}
