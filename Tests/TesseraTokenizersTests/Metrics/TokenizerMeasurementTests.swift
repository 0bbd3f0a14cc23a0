import TesseraBasics
import TesseraCorpora
import TesseraTestSupport
import Testing

@testable import TesseraTokenizers

@Suite struct TokenizerMeasurementTests {
  private static let languages = ["ar", "en", "hi", "ko", "sw", "tr"]

  private func golden() throws -> JSONValue {
    try JSONValue(
      parsing: readFile(fixturePath("measurement/measurements.json"), limit: 1 << 20))
  }

  private func expectEqual(
    _ found: TokenizerMeasurement, _ expected: JSONValue, _ place: String
  ) {
    let counts: [(String, Int)] = [
      ("documents", found.documentCount), ("bytes", found.byteCount),
      ("characters", found.characterCount), ("words", found.wordCount),
      ("whole_words", found.wholeWordCount), ("pre_tokens", found.preTokenCount),
      ("single_byte_tokens", found.singleByteTokenCount), ("tokens", found.tokenCount),
      ("unused_tokens", found.unusedTokenCount),
    ]
    for (key, count) in counts { #expect(expected[key]?.int == count, "\(place): \(key)") }
    let distribution = found.distribution
    let entropies: [(String, Double)] = [
      ("shannon_entropy", distribution.shannonEntropy),
      ("shannon_efficiency", distribution.shannonEfficiency),
      ("renyi_entropy", distribution.renyiEntropy()),
      ("renyi_efficiency", distribution.renyiEfficiency()),
    ]
    for (key, value) in entropies {
      // Sums of some hundred terms, in another order.
      let reference = expected[key]?.double ?? .nan
      #expect(abs(value - reference) <= 1e-12 * reference, "\(place): \(key)")
    }
  }

  @Test(arguments: GoldenTokenizerTests.names)
  func `gives the numbers of other implementations`(name: String) throws {
    let golden = try golden()
    let tokenizer = try GoldenTokenizerTests.tokenizer(name)
    let expected = try #require(golden["tokenizers"]?[name])
    var costs: [Double] = []
    for language in Self.languages {
      let corpus = try Corpus(paths: [fixturePath("../../corpora-samples/\(language)")])
      let found = try tokenizer.measurement(of: corpus)
      expectEqual(found, try #require(expected["corpora"]?[language]), "\(name), \(language)")
      costs.append(found.cost(per: .bytes))
    }
    let parity = Parity(costs: costs, reference: 1)
    let gini = try #require(expected["gini"]?.double)
    #expect(abs(try #require(parity.giniCoefficient) - gini) < 1e-12)
    for (a, b) in zip(parity.parities, try #require(expected["parity_to_en"]?.array)) {
      #expect(abs(a - (b.double ?? .nan)) < 1e-12)
    }
  }

  @Test(arguments: GoldenTokenizerTests.names)
  func `hostile texts are counted as by others`(name: String) throws {
    let golden = try golden()
    let texts = try #require(golden["hostile"]?.array)
    let folder = try TemporaryDirectory()
    var lines: [UInt8] = []
    for text in texts {
      let line: JSONValue = ["text": text]
      lines += line.serialized(pretty: false) + Array("\n".utf8)
    }
    let path = try folder.write("texts.jsonl", lines)
    let corpus = try Corpus(paths: [path], options: CorpusOptions(keepsEmptyDocuments: true))
    let found = try GoldenTokenizerTests.tokenizer(name).measurement(of: corpus)
    expectEqual(found, try #require(golden["tokenizers"]?[name]?["corpora"]?["hostile"]), name)
  }

  @Test(arguments: GoldenTokenizerTests.names)
  func `both ways to find out which word a token is of agree`(name: String) throws {
    let tokenizer = try GoldenTokenizerTests.tokenizer(name)
    var random = SplitMix64(seed: 5)
    let words = [
      "the ", "river ", "नदी ", "강물이 ", "12345", "\n\n", "  x", "<|end|>", "川は", "é", "e\u{301}",
      "カ\u{3099}",
    ]
    let fast = MeasuringLane(tokenizer)
    let placed = MeasuringLane(tokenizer)
    for _ in 0..<200 {
      let text = (0..<random.below(30)).map { _ in words[random.below(words.count)] }.joined()
      fast.add(DocumentChunk(bytes: Array(text.utf8)))
      placed.add(DocumentChunk(bytes: Array(text.utf8)), placing: true)
    }
    #expect(fast.counts == placed.counts)
    #expect(fast.counts.tokenCount > 1_000)
  }

  @Test(arguments: ["gpt2", "qwen2", "prefix-space"])
  func `chunks change nothing`(name: String) throws {
    let tokenizer = try GoldenTokenizerTests.tokenizer(name)
    var random = SplitMix64(seed: 6)
    var text: [UInt8] = []
    let words = [
      "the ", "river's ", "नदी ", "e\u{301}a ", "12345 ", "\n\n", "x<|end|> ", "川は。 ", "\t",
    ]
    while text.count < 60_000 {
      if random.below(30) == 0 { text.append(UInt8(truncatingIfNeeded: random.next())) }
      text += words[random.below(words.count)].utf8
    }
    let folder = try TemporaryDirectory()
    let corpus = try Corpus(paths: [folder.write("a.txt", text)])
    let whole = try tokenizer.measurement(of: corpus, chunkSize: 1 << 20)
    #expect(whole.byteCount == text.count && whole.documentCount == 1)
    for chunkSize in [64, 1_000, 20_000] {
      #expect(try tokenizer.measurement(of: corpus, chunkSize: chunkSize) == whole, "\(chunkSize)")
    }
  }

  /// "signs" splits between signs as well, where the words on both sides may be one.
  @Test(arguments: ["gpt2", "llama3", "qwen2", "o200k", "cl100k", "signs"])
  func `texts without white space are cut, and chunks change nothing`(name: String) throws {
    let tokenizer =
      name == "signs"
      ? try Tokenizer(
        model: GoldenTokenizerTests.tokenizer("gpt2").model,
        pattern: .expression(try PatternExpression(#"\p{L}+|\p{N}|[^\p{L}\p{N}]"#)))
      : try GoldenTokenizerTests.tokenizer(name)
    let words = [
      "川", "水車", "のそばを", "、", "。", "「", "」", "ｶﾞ", "カ\u{3099}", "村", "abc", "12", "é", "e\u{301}",
      "한국", "ไม่", "…", "ー", "？", "<|end|>", "👍",
    ]
    for seed in 0..<3 as Range<UInt64> {
      var random = SplitMix64(seed: seed)
      var text: [UInt8] = []
      while text.count < 30_000 {
        if random.below(60) == 0 { text.append(0x80 | UInt8(truncatingIfNeeded: random.next())) }
        text += words[random.below(words.count)].utf8
      }
      let folder = try TemporaryDirectory()
      let corpus = try Corpus(paths: [folder.write("a.txt", text)])
      let whole = try tokenizer.measurement(of: corpus, chunkSize: 1 << 20)
      for chunkSize in [64, 1_000] {
        let found = try tokenizer.measurement(of: corpus, chunkSize: chunkSize)
        #expect(found == whole, "\(seed), \(chunkSize)")
      }
      var splitting = TextSplitting(tokenizer)
      splitting.tellsWords = true
      var chunks = DocumentChunks(corpus, splitting, chunkSize: 1_000)
      let placed = MeasuringLane(tokenizer)
      while let chunk = try chunks.next() {
        #expect(chunk.bytes.count <= 3_000)
        placed.add(chunk, placing: true)
      }
      var counts = placed.counts
      counts.documentCount = 1
      #expect(counts == whole)
    }
  }

  @Test func `vocabularies over characters are measured by offsets`() throws {
    let table = try TokenTable(["<unk>", "▁", "a", "b", "▁a", "ab"].map { Array($0.utf8) })
    let model = try BPEModel(
      tokens: table,
      merges: [Merge(left: 1, right: 2, result: 4), Merge(left: 2, right: 3, result: 5)],
      semantics: .merges, alphabet: .characters, options: BPEOptions(unknownToken: "<unk>"))
    let tokenizer = try Tokenizer(
      model: model,
      pipeline: TokenizerPipeline(preTokenization: .metaspace(Metaspace(prependScheme: .always))))
    let lane = MeasuringLane(tokenizer)
    // ▁a, ▁a b, ▁ c: three pre-tokens; the first one alone is a word in one token, and c.
    lane.add(DocumentChunk(bytes: Array("a ab c".utf8)))
    #expect(lane.counts.wordCount == 3)
    #expect(lane.counts.preTokenCount == 3)
    #expect(lane.counts.frequencies == [1, 1, 0, 1, 2, 0])
    #expect(lane.counts.wholeWordCount == 2)
  }

  @Test func `costs of one language alone are compared with none`() throws {
    #expect(Parity(costs: [0.3], reference: 0).giniCoefficient == nil)
    let same = try #require(Parity(costs: [1, 1, 1], reference: 2).giniCoefficient)
    #expect(abs(same) < 1e-15)
    let unequal = try #require(Parity(costs: [0, 0, 0, 1], reference: 3).giniCoefficient)
    #expect(abs(unequal - 0.75) < 1e-15)
  }
}
