import TesseraBasics
import TesseraTestSupport
import Testing

@testable import TesseraTokenizers

@Suite struct VocabularyFilesTests {
  /// GPT-2's two files out of a tokenizer.json.
  private func write(
    _ tokenizer: Tokenizer, to folder: borrowing TemporaryDirectory
  ) throws -> [String] {
    try tokenizer.files(in: .vocabularyAndMerges).map { file in
      _ = try folder.write(file.name, file.bytes)
      return file.name
    }
  }

  @Test(arguments: ["gpt2", "qwen2"])
  func `reads what it writes`(name: String) throws {
    let folder = try TemporaryDirectory()
    let tokenizer = try GoldenTokenizerTests.tokenizer(name)
    #expect(
      try write(tokenizer, to: folder) == ["vocab.json", "merges.txt", "tokenizer_config.json"])
    for path in [folder.path, folder.file("vocab.json"), folder.file("merges.txt")] {
      let again = try Tokenizer(contentsOf: path)
      try tokenizer.checkAgreement(with: again)
      #expect(again.pattern == tokenizer.pattern && again.normalization == tokenizer.normalization)
      #expect(again.addedTokens == tokenizer.addedTokens)
      #expect(again.merges == tokenizer.merges)
    }
  }

  @Test func `asks how text is split, and takes older folders`() throws {
    let folder = try TemporaryDirectory()
    let tokenizer = try GoldenTokenizerTests.tokenizer("gpt2")
    _ = try write(tokenizer, to: folder)
    _ = try folder.write("tokenizer_config.json", "{}")
    #expect(throws: TokenizerError.missingPattern(path: folder.file("vocab.json"))) {
      try Tokenizer(contentsOf: folder.path)
    }
    let plain = try Tokenizer(contentsOf: folder.path, pattern: .gpt2)
    #expect(plain.addedTokens.isEmpty)
    _ = try folder.write("added_tokens.json", #"{"<|end|>": 600}"#)
    let added = try Tokenizer(contentsOf: folder.path, pattern: .gpt2)
    #expect(added.addedTokens.map(\.content) == ["<|end|>"] && !added.addedTokens[0].isSpecial)
    _ = try folder.write(
      "special_tokens_map.json", #"{"eos_token": {"content": "<|end|>"}, "pad_token": "!"}"#)
    let special = try Tokenizer(contentsOf: folder.path, pattern: .gpt2)
    #expect(special.addedTokens.map(\.content) == ["!", "<|end|>"])
    #expect(special.addedTokens.map(\.isSpecial) == [true, true])
    _ = try folder.write(
      "tokenizer_config.json", #"{"tokenizer_class": "GPT2Tokenizer", "add_prefix_space": true}"#)
    #expect(try Tokenizer(contentsOf: folder.path).addsPrefixSpace)
  }

  @Test(arguments: 0..<5)
  func `takes added tokens from the files that transformers takes them from`(index: Int) throws {
    let file = try readFile(fixturePath("added-tokens/folders.json"), limit: 1 << 20)
    let cases = try #require(JSONValue(parsing: file).array)
    #expect(cases.count == 5)
    let folder = try TemporaryDirectory()
    _ = try write(GoldenTokenizerTests.tokenizer("gpt2"), to: folder)
    for (name, content) in try #require(cases[index]["files"]?.object).members {
      _ = try folder.write(name, content.serialized(pretty: false))
    }
    let tokenizer = try Tokenizer(contentsOf: folder.path)
    #expect(tokenizer.addedTokens.map(\.json) == cases[index]["added_tokens"]?.array)
    #expect(tokenizer.endOfText == tokenizer.addedTokens.first { $0.content == "</s>" }?.id)
    // What special_tokens_map.json said is not lost where it is not written.
    let other = try TemporaryDirectory()
    _ = try write(tokenizer, to: other)
    let again = try Tokenizer(contentsOf: other.path)
    #expect(again.addedTokens == tokenizer.addedTokens && again.endOfText == tokenizer.endOfText)
  }

  @Test func `takes back the token that the class of transformers would add`() throws {
    let roles = ["bos_token", "eos_token", "unk_token", "pad_token"]
    func configuration(_ added: [AddedToken], endOfText: TokenID? = nil) throws -> JSONValue {
      let folder = try TemporaryDirectory()
      let tokenizer = try Tokenizer(
        model: GoldenTokenizerTests.tokenizer("gpt2").model, pattern: .gpt2, addedTokens: added,
        endOfText: endOfText)
      _ = try write(tokenizer, to: folder)
      #expect(try Tokenizer(contentsOf: folder.path).addedTokens == added)
      return try JSONValue(parsing: folder.read("tokenizer_config.json"))
    }
    let none = try configuration([])
    for role in roles { #expect(none[role] == .null, "\(role)") }
    let other = try configuration([AddedToken("</s>", id: 600)], endOfText: 600)
    #expect(other["eos_token"] == "</s>" && other["unk_token"] == .null)
    // Where the token is there, the class gives it its roles.
    let same = try configuration([AddedToken("<|endoftext|>", id: 600)])
    for role in roles { #expect(same[role] != .null, "\(role)") }
  }

  @Test func `says which token beside vocab.json is malformed`() throws {
    let folder = try TemporaryDirectory()
    _ = try write(GoldenTokenizerTests.tokenizer("gpt2"), to: folder)
    for (name, content, member) in [
      (
        "special_tokens_map.json", #"{"eos_token": {"content": 1}}"#,
        "special_tokens_map.json: eos_token"
      ),
      (
        "special_tokens_map.json", #"{"eos_token": {"content": "x", "lstrip": 1}}"#,
        "special_tokens_map.json: eos_token.lstrip"
      ), ("added_tokens.json", #"{"<x>": -1}"#, "added_tokens.json: <x>"),
    ] {
      _ = try folder.write("tokenizer_config.json", "{}")
      _ = try folder.write("special_tokens_map.json", "{}")
      _ = try folder.write(name, content)
      #expect {
        try Tokenizer(contentsOf: folder.path, pattern: .gpt2)
      } throws: { error in
        if case .malformed(member, _) = (error as? TokenizerError)?.cause { true } else { false }
      }
    }
    _ = try folder.write("added_tokens.json", #"{"<x>": 700}"#)
    #expect {
      try Tokenizer(contentsOf: folder.path, pattern: .gpt2)
    } throws: { error in
      (error as? TokenizerError)?.cause == .addedTokenMoved("<x>", stated: 700, assigned: 600)
    }
  }

  @Test func `says what is wrong, and where`() throws {
    let folder = try TemporaryDirectory()
    let tokenizer = try GoldenTokenizerTests.tokenizer("gpt2")
    _ = try write(tokenizer, to: folder)
    func error() -> TokenizerError? {
      #expect(throws: TokenizerError.self) { try Tokenizer(contentsOf: folder.path) }
    }
    let merges = folder.file("merges.txt")
    let text = String(
      decoding: try readFile(merges, limit: 1 << 20), as: UTF8.self
    ).split(separator: "\n").map(String.init)
    func line(_ line: String) throws {
      var lines = text
      lines[5] = line
      _ = try folder.write("merges.txt", lines.joined(separator: "\r\n"))
    }
    try line("one two three")
    #expect(
      error()
        == .inFile(
          path: merges, line: 6, .malformedMerge(rank: 4, found: "\"one two three\"")))
    try line("漢 a")
    #expect(
      error() == .inFile(path: merges, line: 6, .mergeOutOfVocabulary(rank: 4, token: "漢")))
    try line(text[5])
    _ = try Tokenizer(contentsOf: folder.path)
    let path = try folder.write("vocab.json", "{\"a\": 1,}")
    guard case .json(path, _) = error() else {
      Issue.record("vocab.json")
      return
    }
    _ = try folder.write("vocab.json", "{\"a\": 1, \"b\": \"c\"}")
    #expect(
      error()?.cause
        == .malformed(member: "model.vocab", expected: "a map from tokens to IDs"))
  }

  @Test func `refuses what its readers would encode in another way`() throws {
    let llama = try GoldenTokenizerTests.tokenizer("llama3")
    #expect {
      try llama.files(in: .vocabularyAndMerges)
    } throws: { error in
      "\(error)".contains("the pattern llama3")
    }
    // Ranks take whole words, which the merges of this vocabulary do not always make.
    let tokens = try GoldenTokenizerTests.tokenizer("cl100k").tokens
    let gpt2 = try Tokenizer(
      model: BPEModel(tokens: tokens, merges: [], semantics: .ranks), pattern: .gpt2)
    if let orphan = gpt2.model.tokenBeyondMerges(without: []) {
      #expect {
        try gpt2.files(in: .vocabularyAndMerges)
      } throws: { error in
        "\(error)".contains("the token \(orphan)")
      }
    } else {
      let folder = try TemporaryDirectory()
      _ = try write(gpt2, to: folder)
      try gpt2.checkAgreement(with: Tokenizer(contentsOf: folder.path))
    }
  }
}
