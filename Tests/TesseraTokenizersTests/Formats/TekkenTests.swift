import TesseraBasics
import TesseraTestSupport
import TesseraTokenizers
import Testing

@Suite struct TekkenTests {
  private static let path = fixturePath("tekken/tekken.json")

  @Test func `encodes as mistral-common does`() throws {
    let golden = try JSONValue(
      parsing: readFile(fixturePath("tekken/expected.json"), limit: 1 << 20))
    let tokenizer = try Tokenizer(contentsOf: Self.path)
    #expect(tokenizer.pattern == .tekken)
    #expect(tokenizer.vocabularySize == golden["vocabulary_size"]?.int)
    #expect(
      tokenizer.addedTokens.map(\.content) == golden["pieces"]?.array?.compactMap(\.string))
    let texts = try #require(golden["texts"]?.array)
    let ids = try #require(golden["ids"]?.array)
    for (text, ids) in zip(texts, ids) {
      let found = try tokenizer.encode(try #require(text.string))
      #expect(found.map { Int($0) } == ids.array?.compactMap(\.int))
      #expect(try tokenizer.decode(found) == Array(text.string!.utf8))
    }
    #expect(tokenizer.endOfText == 2)
  }

  @Test func `is written in every format that is written`() throws {
    let tokenizer = try Tokenizer(contentsOf: Self.path)
    for format in [TokenizerFormat.huggingFace, .tiktoken, .compiled] {
      let folder = try TemporaryDirectory()
      for file in try tokenizer.files(in: format) {
        _ = try folder.write(file.name, file.bytes)
      }
      let again = try Tokenizer(contentsOf: folder.path)
      try tokenizer.checkAgreement(with: again)
      #expect(again.vocabularySize == tokenizer.vocabularySize)
    }
    #expect {
      try tokenizer.files(in: .vocabularyAndMerges)
    } throws: { error in
      "\(error)".contains("the pattern tekken")
    }
  }

  @Test func `says what is wrong with a file`() throws {
    let root = try JSONValue(parsing: readFile(Self.path, limit: 1 << 20))
    let folder = try TemporaryDirectory()
    func error(_ change: (inout JSONValue) -> Void) throws -> TokenizerError? {
      var value = root
      change(&value)
      let path = try folder.write("tekken.json", value.serialized(pretty: false))
      do {
        _ = try Tokenizer(contentsOf: path)
        return nil
      } catch {
        return error.cause
      }
    }
    func vocabulary(_ change: @escaping (inout [JSONValue]) -> Void) -> (inout JSONValue) -> Void {
      { value in
        var list = value["vocab"]?.array ?? []
        change(&list)
        value["vocab"] = .array(list)
      }
    }
    #expect(try error { $0["config"] = nil } == .malformed(member: "config", expected: "an object"))
    #expect(try error { $0["vocab"] = 3 } == .malformed(member: "vocab", expected: "a list"))
    #expect(
      try error(vocabulary { $0[300]["rank"] = 7 })
        == .malformed(
          member: "vocab[300].rank", expected: "300: ranks are in order, without gaps"))
    #expect(
      try error(vocabulary { $0[300]["token_bytes"] = "?" })
        == .malformed(member: "vocab[300].token_bytes", expected: "a token in base64"))
    #expect(
      try error(vocabulary { $0[300] = 1 })
        == .malformed(member: "vocab[300]", expected: "an object with rank and token_bytes"))
    #expect(
      try error { $0["config"]?["default_vocab_size"] = 5000 }
        == .malformed(
          member: "config.default_vocab_size",
          expected: "at most 631, as many tokens as there are"))
    #expect(
      try error { $0["special_tokens"] = [["rank": 30, "token_str": "x"]] }
        == .malformed(
          member: "special_tokens[0].rank",
          expected: "a rank of its own below the 30 of special tokens"))
    #expect(
      try error { $0["special_tokens"] = [["rank": 3, "token_str": "x"]] } == nil)
    #expect(try error { $0["config"]?["pattern"] = "a{1,3}+b$" } != nil)
  }
}
