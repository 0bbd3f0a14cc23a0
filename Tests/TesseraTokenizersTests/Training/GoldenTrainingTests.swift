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
}
