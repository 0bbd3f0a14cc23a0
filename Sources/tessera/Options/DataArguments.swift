public import ArgumentParser
public import TesseraTraining

extension SequencePacking: ExpressibleByArgument {}

/// What the batches of a run are made of.
struct DataArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Weight of a source of the corpus, or of the replay, among the others: NAME=WEIGHT, where NAME is \
      that of --corpus NAME=PATH. Give one for each. (default: by its size)
      """, valueName: "weight"))
  var mix: [String] = []

  @Option(
    help: """
      Temperature by which sizes become weights, size^(1/T): 1 is in proportion to them, inf the same for all.
      """)
  var samplingTemperature = DataOptions().samplingTemperature

  @Option(
    help: """
      Passes over a source at most; what it would have had beyond goes to the others of its stage. With \
      --sampling-temperature inf this is UniMax. (default: any number)
      """)
  var maxEpochs: Double?

  @Option(
    help: ArgumentHelp(
      """
      A stage of the data: LENGTH [SOURCE=SHARE | SOURCE=xFACTOR] ... [prefix=SHARE], as in "10% hi=0.8 \
      en=0.2" or "rest wiki=x5". Shares are the stage's own mixture, factors change that of the run. Give \
      one for each, in order.
      """, valueName: "rule"), transform: DataStageRule.init(parsing:))
  var dataStage: [DataStageRule] = []

  @Option(
    help: ArgumentHelp(
      """
      Data stages that have a name: early-replay (replay in the first tenth of the steps alone), \
      finish=SOURCE (that source five times as often in the last 15 %), plain-end (no prefixes in the \
      last tenth).
      """, valueName: "name"), transform: DataCurriculum.init(parsing:))
  var curriculum: DataCurriculum?

  @Option(
    help: """
      How documents are put into sequences: \(names(of: SequencePacking.self)). best-fit cuts only \
      documents that are longer than a sequence, and leaves some positions empty.
      """)
  var packing = DataOptions().packing

  @Flag(
    help:
      "Keep attention inside of documents: what one says does not change what is learned from another."
  )
  var documentMasks = false

  @Option(
    help: ArgumentHelp(
      """
      Text before the documents of a source, which is read and not learned: NAME=TEXT, or *=TEXT for all \
      others; \\n is a line feed, and {FIELD} a field of the document's line in a .jsonl file, as in \
      "*=URL: {url}\\n\\n".
      """, valueName: "text"))
  var prefix: [String] = []

  @Option(help: "Share of the documents that have the prefix of their source, as a fraction.")
  var prefixShare = DataOptions().prefixShare

  @Option(
    help: """
      Weigh sequences by their own loss from the end of the warmup on: those of NUMBER nats a token more \
      count e times as much, up to a bound. Takes a third more time. (default: all count alike)
      """)
  var lossWeighting: Double?

  /// The largest weight of a source.
  private static let largestWeight = 1e6
  /// What stands for all sources in a prefix.
  private static let allSources = "*"
  /// The most passes that can be asked for: more than any run makes.
  private static let mostEpochs = 1e6

  mutating func validate() throws {
    _ = try weights()
    _ = try prefixes()
    if !(samplingTemperature >= 0.1) {
      throw ValidationError(
        "--sampling-temperature must be at least 0.1, not \(samplingTemperature)")
    }
    if let maxEpochs, !(maxEpochs > 0 && maxEpochs <= Self.mostEpochs) {
      throw ValidationError(
        "--max-epochs must be above 0 and at most \(Int(Self.mostEpochs)), not \(maxEpochs)")
    }
    if let lossWeighting, !(lossWeighting >= 0.01 && lossWeighting <= 1_000) {
      throw ValidationError(
        "--loss-weighting must be between 0.01 and 1000, not \(lossWeighting)")
    }
    if !dataStage.isEmpty, curriculum != nil {
      throw ValidationError("--data-stage and --curriculum exclude each other")
    }
    if !(0...1).contains(prefixShare) {
      throw ValidationError("--prefix-share must be between 0 and 1, not \(prefixShare)")
    }
    let hasShares = dataStage.contains { $0.prefixShare != nil } || curriculum == .plainEnd
    if prefix.isEmpty, prefixShare != DataOptions().prefixShare || hasShares {
      throw ValidationError("a share of documents with a prefix needs --prefix")
    }
  }

  /// The weights by the names of sources.
  private func weights() throws -> [String: Double] {
    var weights: [String: Double] = [:]
    for argument in mix {
      guard let (name, value) = namedValue(argument), let weight = Double(value),
        (0...Self.largestWeight).contains(weight), weights.updateValue(weight, forKey: name) == nil
      else {
        throw ValidationError(
          "--mix must be NAME=WEIGHT, once for each source, with a weight from 0 to "
            + "\(Int(Self.largestWeight)), not \"\(argument)\"")
      }
    }
    return weights
  }

  /// The prefixes by the names of sources.
  private func prefixes() throws -> [String: String] {
    var prefixes: [String: String] = [:]
    for argument in prefix {
      guard let (name, text) = namedValue(argument),
        prefixes.updateValue(Self.unescaped(text), forKey: name) == nil
      else {
        throw ValidationError(
          "--prefix must be NAME=TEXT, once for each source, not \"\(argument)\"")
      }
    }
    return prefixes
  }

  /// The prefixes of sources with names.
  private func prefixes(sources: [String]) throws -> [String: String] {
    var prefixes = try prefixes()
    if let other = prefixes.removeValue(forKey: Self.allSources) {
      for name in sources where prefixes[name] == nil { prefixes[name] = other }
    }
    return prefixes
  }

  /// The fields of documents that prefixes have places for.
  var metadataFields: [String] {
    let fields = ((try? prefixes()) ?? [:]).values.flatMap { PrefixTemplate($0).fields }
    return Set(fields).sorted()
  }

  /// The prefix of a source, where it has places for fields.
  func template(ofSource name: String) -> PrefixTemplate? {
    let text = (try? prefixes(sources: [name]))?[name]
    return text.map(PrefixTemplate.init).flatMap { $0.fields.isEmpty ? nil : $0 }
  }

  /// What the library is to do.
  ///
  /// - Parameter sources: The names of all sources, for prefixes that are everybody's.
  func options(sources: [String]) throws -> DataOptions {
    var options = DataOptions()
    options.weights = try weights()
    options.samplingTemperature = samplingTemperature
    options.epochLimit = maxEpochs
    options.stages = dataStage
    options.curriculum = curriculum
    options.packing = packing
    options.masksDocuments = documentMasks
    options.prefixShare = prefixShare
    options.lossTemperature = lossWeighting
    options.prefixes = try prefixes(sources: sources)
    return options
  }

  /// The text with line feeds in place of their escapes.
  private static func unescaped(_ text: String) -> String {
    text.split(separator: #"\n"#, omittingEmptySubsequences: false).joined(separator: "\n")
  }
}
