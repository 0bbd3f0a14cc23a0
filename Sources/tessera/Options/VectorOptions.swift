import ArgumentParser
import TesseraBasics
import TesseraVocabulary

/// The vectors of words that some methods of initialization go by.
struct VectorOptions: ParsableArguments {
  @Option(
    help: """
      For wechsel, focus and ofa: word vectors of the new language, .vec or fastText's .bin. \
      (default: learned from the corpus)
      """,
    completion: .file(extensions: ["vec", "bin", "gz", "zst"]))
  var vectors: String?

  @Option(help: "For focus: what the words of --vectors are, words or tokens of the new tokenizer.")
  var vectorUnit: VectorInputs.Unit?

  @Option(
    help: """
      For wechsel and ofa: word vectors of the base's language; without them --vectors must have both.
      """,
    completion: .file(extensions: ["vec", "bin", "gz", "zst"]))
  var sourceVectors: String?

  @Option(
    parsing: .upToNextOption,
    help: "Files or folders of text in the base's language, where vectors are learned.",
    completion: .file())
  var sourceCorpus: [String] = []

  @Option(
    help: """
      For wechsel and ofa: lines of a word of the base's language, a tab, and its translation; brings \
      both sets of vectors into one space.
      """,
    completion: .file())
  var dictionary: String?

  @Option(help: "For wechsel and ofa: how many base tokens a row is a mean of. (default: 10)")
  var neighbors: Int?

  @Option(
    help: "How evenly weights are spread. (default: 0.1 for wechsel and ofa, 1 for focus)")
  var temperature: Double?

  @Option(help: "For ofa: the rank that the matrices are factorized to. (default: none)")
  var factorize: Int?

  @Option(
    help: "For ofa: write the factors of the new matrices to this file, see Docs/Formats.md.",
    completion: .file(extensions: ["safetensors"]))
  var factors: String?

  @Option(
    help: """
      For tokens without a vector: normal (noise around the mean, as published) or pieces (the mean of \
      the token's pieces).
      """)
  var vectorless: VectorlessRows?

  @Flag(help: "For focus: rows of the base that were hardly trained take no part.")
  var leaveOutUntrained = false

  @Option(help: "Words must stand this often for vectors to be learned. (default: 5, for focus 10)")
  var vectorMinCount: Int?

  mutating func validate() throws {
    try checkRange("--neighbors", neighbors, 1...10_000)
    try checkRange("--factorize", factorize, 1...WordVectors.dimensionLimit)
    try checkRange("--vector-min-count", vectorMinCount, 1...Int.max)
    if let temperature, !(temperature > 1e-6 && temperature <= 1e6) {
      throw ValidationError("--temperature must be above 0.000001 and at most 1000000")
    }
    if factors != nil, factorize == nil {
      throw ValidationError("--factors needs --factorize")
    }
    if factors == "" || factors == "-" {
      throw ValidationError("--factors must name a file")
    }
  }

  /// The options that are given, with the methods that follow them.
  private var given: [(name: String, methods: [InitializationMethod])] {
    let all: [InitializationMethod] = [.wechsel, .focus, .ofa]
    let nearest: [InitializationMethod] = [.wechsel, .ofa]
    let options: [(String, Bool, [InitializationMethod])] = [
      ("--vectors", vectors != nil, all), ("--vector-unit", vectorUnit != nil, [.focus]),
      ("--source-vectors", sourceVectors != nil, nearest),
      ("--source-corpus", !sourceCorpus.isEmpty, all),
      ("--dictionary", dictionary != nil, nearest), ("--neighbors", neighbors != nil, nearest),
      ("--temperature", temperature != nil, all), ("--factorize", factorize != nil, [.ofa]),
      ("--factors", factors != nil, [.ofa]), ("--vectorless", vectorless != nil, all),
      ("--leave-out-untrained", leaveOutUntrained, [.focus]),
      ("--vector-min-count", vectorMinCount != nil, all),
    ]
    return options.filter(\.1).map { ($0.0, $0.2) }
  }

  /// Refuses options that nothing would follow, and too few for what is asked.
  ///
  /// - Parameter methods: The methods of the embedding and the head.
  func check(for methods: [InitializationMethod]) throws {
    for option in given where !methods.contains(where: { option.methods.contains($0) }) {
      let names = option.methods.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("\(option.name) is for --init \(names)")
    }
    if vectorUnit != nil, vectors == nil {
      throw ValidationError("--vector-unit needs --vectors")
    }
    let goesByWords = methods.contains { $0 == .wechsel || $0 == .ofa }
    if goesByWords, methods.contains(.focus), vectors == nil || vectorUnit == .tokens {
      throw ValidationError(
        "focus learns vectors of tokens, and wechsel and ofa go by words; give --vectors of words "
          + "for both, or one method")
    }
    guard goesByWords else { return }
    let hasSource = sourceVectors != nil || !sourceCorpus.isEmpty
    if sourceVectors != nil, !sourceCorpus.isEmpty {
      throw ValidationError("--source-vectors and --source-corpus exclude each other")
    }
    if vectors == nil, !hasSource {
      throw ValidationError(
        "wechsel and ofa need vectors of both languages: --vectors, or --source-corpus with text in "
          + "the base's language")
    }
    if dictionary != nil, !hasSource {
      throw ValidationError("--dictionary needs --source-vectors or --source-corpus")
    }
    if dictionary == nil, vectors == nil, sourceVectors != nil {
      throw ValidationError(
        "vectors that are learned here are in another space than --source-vectors; give "
          + "--dictionary, or --vectors in the same space")
    }
    if dictionary == nil, vectors != nil, !sourceCorpus.isEmpty {
      throw ValidationError(
        "vectors that are learned here are in another space than --vectors; give --dictionary, or "
          + "--source-vectors in the same space")
    }
  }

  /// The files and folders that are read.
  var inputs: [String] { [vectors, sourceVectors, dictionary].compactMap { $0 } + sourceCorpus }

  /// Opens what is read later, so that what cannot be is found before any work is done.
  func checkFiles() throws {
    for path in [vectors, sourceVectors, dictionary].compactMap({ $0 }) {
      _ = try InputFile(path: path)
    }
  }
}
