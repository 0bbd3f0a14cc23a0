import TesseraBasics
import TesseraTestSupport
import Testing

@testable import TesseraTokenizers

@Suite struct TokenizerConversionTests {
  /// The vocabulary of o200k's small tokenizer with another pipeline or other added tokens.
  private func changed(
    pattern: PreTokenizerPattern = .o200k, normalization: Normalization = .none,
    addsPrefixSpace: Bool = false, added: [AddedToken] = []
  ) throws -> Tokenizer {
    let model = try GoldenTokenizerTests.tokenizer("o200k").model
    return try Tokenizer(
      model: model, pattern: pattern, normalization: normalization, addedTokens: added,
      addsPrefixSpace: addsPrefixSpace)
  }

  @Test func `a rank file has a file beside it that says the rest`() throws {
    let special = AddedToken("<|end|>", id: 5_000)
    let tokenizer = try changed(added: [special])
    let folder = try TemporaryDirectory()
    for file in try tokenizer.files(in: .tiktoken) { _ = try folder.write(file.name, file.bytes) }
    for path in [folder.path, folder.file("tokenizer.tiktoken")] {
      let again = try Tokenizer(contentsOf: path)
      #expect(again.pattern == .o200k && again.addedTokens == [special])
      try tokenizer.checkAgreement(with: again)
    }
    // A rank file is known by what it holds.
    let bytes = try readFile(folder.file("tokenizer.tiktoken"), limit: 1 << 20)
    let renamed = try folder.write("tokenizer.model", bytes)
    #expect(
      try Tokenizer(contentsOf: renamed, pattern: .o200k).tokens.count == tokenizer.tokens.count)
    _ = try folder.write("tokenizer.tiktoken.json", #"{"pat_str": "a$", "special_tokens": {}}"#)
    #expect(throws: TokenizerError.self) {
      try Tokenizer(contentsOf: folder.file("tokenizer.tiktoken"))
    }
  }

  @Test func `a rank file refuses what tiktoken does not do`() throws {
    func part(_ tokenizer: Tokenizer) throws -> String? {
      let error = #expect(throws: TokenizerError.self) { try tokenizer.files(in: .tiktoken) }
      guard case .notExpressible(.tiktoken, let part, _)? = error else { return nil }
      return part
    }
    #expect(try part(changed(normalization: .nfc))?.contains("nfc") == true)
    #expect(
      try part(changed(pattern: .gpt2, addsPrefixSpace: true)) == "add_prefix_space")
    #expect(try part(changed(pattern: .deepseek)) == "the pattern deepseek")
    #expect(
      try part(changed(added: [AddedToken("<a>", id: 5_000, isSpecial: false)]))
        == "the added token \"<a>\"")
    #expect(
      try part(changed(added: [AddedToken("<a>", id: 5_000, stripsLeft: true)]))
        == "the added token \"<a>\"")
    #expect(
      try part(changed(added: [AddedToken("<a>", id: 5_000), AddedToken("<a>b", id: 5_001)]))
        == "the added token \"<a>\"")
    #expect(try part(GoldenTokenizerTests.tokenizer("llama3")) == "the merges")
    #expect(
      try part(Tokenizer(contentsOf: fixturePath("sentencepiece/llama.model")))
        == "a vocabulary over characters")
  }

  @Test func `notices a tokenizer that gives other tokens`() throws {
    let gpt2 = try GoldenTokenizerTests.tokenizer("gpt2")
    try gpt2.checkAgreement(with: gpt2)
    #expect(throws: TokenizerError.self) {
      try gpt2.checkAgreement(with: GoldenTokenizerTests.tokenizer("prefix-space"))
    }
    #expect(throws: TokenizerError.self) {
      try gpt2.checkAgreement(
        with: Tokenizer(model: gpt2.model, pipeline: gpt2.pipeline, addedTokens: []))
    }
  }

  @Test func `ranks go with bytes only`() async {
    await #expect(processExitsWith: .failure) {
      _ = try BPEModel(
        tokens: TokenTable([[97]]), merges: [], semantics: .ranks, alphabet: .characters)
    }
  }
}
