import TesseraBasics
import TesseraTestSupport
import TesseraTokenizers
import Testing

/// What tokenizers and rustbpe learn; see `Tests/Fixtures/make-training-goldens.py`.
@Suite struct GoldenTrainingTests {
  @Test(arguments: ["english", "mixed", "ties-and-runs"])
  func `learns the merges of tokenizers and rustbpe`(name: String) throws {
    let path = fixturePath("training/\(name).json")
    let golden = try JSONValue(parsing: readFile(path, limit: 1 << 20))
    let text = Array(try #require(golden["text"]?.string).utf8)
    let trainings = try #require(golden["trainings"]?.array)
    #expect(trainings.count == 12)
    for training in trainings {
      let pattern = try #require(
        training["pattern"]?.string.flatMap(PreTokenizerPattern.init(rawValue:)))
      var options = BPETrainerOptions(vocabularySize: try #require(training["size"]?.int))
      options.tie = training["trainer"]?.string == "rustbpe" ? .bytes : .hf
      options.minimumFrequency = training["min_frequency"]?.int ?? 0
      options.maximumTokenLength = training["max_token_length"]?.int
        .map(BPETrainerOptions.maximumTokenLength(huggingFace:))
      let preTokens = PreTokenizer(pattern: pattern).preTokens(of: text)
      let counts = PreTokenCounts(preTokens.map { (bytes: Array($0), count: 1) })
      let trained = try BPETrainer.train(on: counts, options)
      let expected = training["tokens"]?.array?.compactMap(\.string)
      #expect(trained.tokenBytes().dropFirst(256).map(SHA256.hexadecimal) == expected)
    }
  }

  /// All of corpora-samples, in the order of the paths' bytes, and lines of numbers.
  private static func largeText() throws -> [UInt8] {
    let root = fixturePath("../../corpora-samples")
    let files = try listFiles(under: root).filter { $0.hasSuffix(".txt") }
    let numbers = (0..<3_000).map { "\($0 * $0 * 7_919)\t\($0)  It'S \($0 % 97)\n" }
    return try files.flatMap { try readFile($0, limit: 1 << 20) }
      + Array((numbers.joined() + " \n  ").utf8)
  }

  @Test(arguments: ["cl100k", "gpt2", "llama3", "o200k", "qwen2"])
  func `learns two thousand merges of six languages as tokenizers does`(name: String) throws {
    let golden = try JSONValue(
      parsing: readFile(fixturePath("training/large.json"), limit: 1 << 20))
    let text = try Self.largeText()
    try #require(
      golden["text_sha256"]?.string == SHA256.hexDigest(of: text),
      "corpora-samples has changed; run make-training-goldens.py again")
    let training = try #require(
      golden["trainings"]?.array?.first { $0["pattern"]?.string == name })
    let pattern = try #require(PreTokenizerPattern(rawValue: name))
    let counts = PreTokenCounts(
      PreTokenizer(pattern: pattern).preTokens(of: text).map { (bytes: Array($0), count: 1) })
    let options = BPETrainerOptions(vocabularySize: try #require(training["size"]?.int))
    let trained = try BPETrainer.train(on: counts, options)
    #expect(trained.merges.count == training["merges"]?.int)
    let spellings = trained.tokenBytes().map { ByteAlphabet.string(for: $0) }
    let lines = trained.merges.map { "\(spellings[Int($0.left)]) \(spellings[Int($0.right)])\n" }
    #expect(SHA256.hexDigest(of: Array(lines.joined().utf8)) == training["sha256"]?.string)
  }
}
