import TesseraBasics
import TesseraTestSupport
import TesseraTokenizers
import Testing

/// Small tokenizers, and what tokenizers and tiktoken give for texts; see
/// `Tests/Fixtures/make-tokenizer-goldens.py`.
@Suite struct GoldenTokenizerTests {
  static let names = ["gpt2", "llama3", "qwen2", "o200k", "prefix-space"]

  static func tokenizer(_ name: String) throws -> Tokenizer {
    name == "cl100k"
      ? try Tokenizer(contentsOf: fixturePath("tokenizers/cl100k.tiktoken"), pattern: .cl100k)
      : try Tokenizer(contentsOf: fixturePath("tokenizers/\(name).json"))
  }

  private func expectGoldenIDs(_ tokenizer: Tokenizer, _ name: String) throws {
    let file = try readFile(fixturePath("tokenizers/\(name).expected.json"), limit: 1 << 20)
    let cases = try #require(JSONValue(parsing: file).array)
    #expect(cases.count > 100)
    for value in cases {
      let text = try #require(value["text"]?.string)
      for policy in [SpecialTokenPolicy.none, .all] {
        if name == "cl100k" && policy == .all { continue }
        let expected = try #require((value[policy.rawValue] ?? value["none"])?.array)
        let ids = try tokenizer.encode(text, special: policy)
        #expect(ids.map { Int($0) } == expected.map(\.int), "\(name), \(policy): \(text)")
        if tokenizer.normalization == .none && !tokenizer.addsPrefixSpace {
          #expect(try tokenizer.decode(ids) == Array(text.utf8))
        }
      }
    }
  }

  @Test(arguments: names + ["cl100k"])
  func `gives the reference's tokens`(name: String) throws {
    try expectGoldenIDs(Self.tokenizer(name), name)
  }

  @Test(arguments: names)
  func `gives the same tokens after writing and reading`(name: String) throws {
    let directory = try TemporaryDirectory()
    let tokenizer = try Self.tokenizer(name)
    let files = try tokenizer.write(toDirectory: directory.path)
    #expect(files.starts(with: ["tokenizer.json", "tokenizer_config.json"]))
    let again = try Tokenizer(contentsOf: directory.path)
    try expectGoldenIDs(again, name)
    #expect(again.tokenizerJSON() == tokenizer.tokenizerJSON())
    #expect(again.addedTokens == tokenizer.addedTokens)
    #expect(again.endOfText == tokenizer.endOfText)
  }

  @Test func `writes a rank file where ranks say what the merges say`() throws {
    let directory = try TemporaryDirectory()
    // An orphan keeps llama3 from having one.
    #expect(
      try Self.tokenizer("llama3").write(toDirectory: directory.path)
        == ["tokenizer.json", "tokenizer_config.json"])
    let o200k = try Self.tokenizer("o200k")
    #expect(try o200k.write(toDirectory: directory.path).count == 3)
    let ranks = try Tokenizer(
      contentsOf: directory.file("tokenizer.tiktoken"), pattern: .o200k)
    for text in ["The river runs", "नदी पुरानी चक्की", "강물이 오래된", "12345 fooBar\n\n  x"] {
      #expect(try ranks.encode(text) == o200k.encode(text))
    }
  }

  @Test func `writes no rank file where a merge makes or uses an added token`() throws {
    // Two merges, "ab" and "abc"; without added tokens ranks say the same.
    func files(_ added: [AddedToken]) throws -> [String] {
      let directory = try TemporaryDirectory()
      let base = try ContinuedTrainingTests.base(
        ["ab", "abc"], merges: [("a", "b"), ("ab", "c")], added: added)
      return try base.write(toDirectory: directory.path)
    }
    #expect(try files([AddedToken("<s>", id: 300)]).count == 3)
    for (token, id) in [("ab", TokenID(256)), ("abc", 257), ("c", 99)] {
      #expect(try files([AddedToken(token, id: id)]).count == 2, "\(token)")
    }
  }

  @Test func `carries over what it does not read`() throws {
    let directory = try TemporaryDirectory()
    let tokenizer = try Self.tokenizer("llama3")
    try tokenizer.write(toDirectory: directory.path)
    let before = try JSONValue(
      parsing: readFile(fixturePath("tokenizers/llama3.json"), limit: 1 << 20))
    let after = try JSONValue(parsing: directory.read("tokenizer.json"))
    #expect(after == before)
  }
}
