public import ArgumentParser
import TesseraBasics
import TesseraModels
public import TesseraTraining

extension MaskingUnit: ExpressibleByArgument {}
extension PretrainingFamily: ExpressibleByArgument {}

/// How encoders are trained.
struct MaskingArguments: ParsableArguments {
  @Option(
    help: """
      For encoders: what is masked together, token, word (as the tokenizer splits text) or span. \
      (default: token)
      """)
  var masking: MaskingUnit?

  @Option(
    name: .customLong("mlm-probability"),
    help: ArgumentHelp(
      "For encoders: the probability of a token, word or span to be predicted. (default: 0.15)",
      valueName: "share"))
  var probability: Double?

  @Option(
    help: ArgumentHelp(
      """
      For --masking span: JSON lines with the spans of documents of the corpus, as in \
      {"document": 0, "spans": [[0, 5]]}; documents from 0, bytes from the first to behind the last.
      """, valueName: "file"), completion: .file())
  var spans: String?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      """
      For encoders: files with a sentence, a tab and its translation on each line, or .jsonl with \
      both, that are read side by side and masked on both sides.
      """, valueName: "file"), completion: .file())
  var pairs: [String] = []

  @Option(
    help: "The fields of .jsonl files of --pairs, with a comma between. (default: source,target)")
  var pairFields: PairFields?

  @Option(help: "Share of every batch that is pairs, as a fraction. (default: 0.5)")
  var pairShare: Double?

  /// The files that are read.
  var paths: [String] { [spans].compactMap { $0 } + pairs }

  /// The names of the sources of a mixture that they add.
  var sourceNames: [String] { pairs.isEmpty ? [] : [SentencePairs.sourceName] }

  mutating func validate() throws {
    if let probability, !(probability > 0 && probability < 1) {
      throw ValidationError("--mlm-probability must be above 0 and below 1, not \(probability)")
    }
    if let pairShare, !(pairShare > 0 && pairShare < 1) {
      throw ValidationError("--pair-share must be above 0 and below 1, not \(pairShare)")
    }
    if (masking == .span) != (spans != nil) {
      throw ValidationError("--masking span and --spans need each other")
    }
    if pairs.contains("-") {
      throw ValidationError("--pairs is read from files, not from standard input")
    }
    if pairs.isEmpty, pairFields != nil || pairShare != nil {
      throw ValidationError(
        "\(pairFields != nil ? "--pair-fields" : "--pair-share") is for --pairs")
    }
  }

  /// Refuses options that nothing would follow: those of encoders, for a model that predicts the next token.
  func check(for objective: TrainingObjective) throws {
    if objective == .maskedTokens { return }
    let given: [(option: String, isGiven: Bool)] = [
      ("--masking", masking != nil), ("--mlm-probability", probability != nil),
      ("--pairs", !pairs.isEmpty),
    ]
    if let option = given.first(where: \.isGiven)?.option {
      throw UsageError("\(option) is for encoders, and the model predicts the next token")
    }
  }

  /// What the library is to do, without the spans.
  ///
  /// - Throws: What reading pairs throws.
  func options() throws -> MaskedObjectiveOptions {
    var options = MaskedObjectiveOptions()
    if let masking { options.masking.unit = masking }
    if let probability { options.masking.probability = probability }
    if let pairShare { options.pairShare = pairShare }
    if !pairs.isEmpty {
      let fields = pairFields ?? PairFields()
      options.pairs = try SentencePairs(paths: pairs, fields: (fields.first, fields.second))
    }
    return options
  }

  /// The spans of documents, if they are asked for.
  func documentSpans() throws -> DocumentSpans? { try spans.map { try DocumentSpans(path: $0) } }
}

/// The names of two fields.
struct PairFields: ExpressibleByArgument {
  var first = "source"
  var second = "target"

  init() {}

  init?(argument: String) {
    let names = argument.split(separator: ",", omittingEmptySubsequences: false)
    guard names.count == 2, !names[0].isEmpty, !names[1].isEmpty else { return nil }
    (first, second) = (String(names[0]), String(names[1]))
  }
}
