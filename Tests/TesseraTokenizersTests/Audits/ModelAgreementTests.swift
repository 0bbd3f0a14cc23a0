import TesseraBasics
import TesseraTestSupport
import TesseraTokenizers
import Testing

@Suite struct ModelAgreementTests {
  /// What does not agree with a tokenizer of 257 IDs, the last of which is `<s>`.
  private func disagreements(_ files: [String: String]) throws -> [String] {
    let folder = try TemporaryDirectory()
    for (name, content) in files { try folder.write(name, content) }
    let tokenizer = try Tokenizer(
      model: BPEModel(
        tokens: TokenTable((UInt8.min...UInt8.max).map { [$0] }), merges: [], semantics: .merges),
      pattern: .gpt2, addedTokens: [AddedToken("<s>", id: 256)])
    return try tokenizer.agreement(withFilesIn: folder.path).findings.map(\.description)
  }

  @Test func `files that agree give no finding`() throws {
    #expect(try disagreements([:]).isEmpty)
    let found = try disagreements([
      "config.json": #"{"vocab_size": 320, "eos_token_id": [256], "bos_token_id": null}"#,
      "generation_config.json": #"{"eos_token_id": [0, 256], "pad_token_id": 256}"#,
      "tokenizer_config.json":
        #"{"eos_token": {"content": "<s>"}, "pad_token": "<s>", "#
        + #""added_tokens_decoder": {"256": {"content": "<s>"}}}"#,
    ])
    #expect(found.isEmpty, "\(found)")
  }

  @Test(arguments: [
    ("config.json", #"{"vocab_size": 256}"#, "IDs up to 256"),
    ("config.json", #"{"text_config": {"vocab_size": 2}}"#, "text_config.vocab_size 2"),
    ("config.json", #"{"vocab_size": "many"}"#, "no number"),
    ("config.json", #"{"eos_token_id": 257}"#, "no such token"),
    ("config.json", #"{"eos_token_id": "</s>"}"#, "neither a number"),
    ("generation_config.json", #"{"pad_token_id": -1}"#, "no such token"),
    ("tokenizer_config.json", #"{"eos_token": "<e>"}"#, "is no token"),
    (
      "tokenizer_config.json", #"{"added_tokens_decoder": {"256": {"content": "<t>"}}}"#,
      "and it is \"<s>\""
    ),
    (
      "tokenizer_config.json", #"{"added_tokens_decoder": {"9": {"content": "<t>"}}}"#,
      "no added token"
    ),
    ("tokenizer_config.json", #"{"added_tokens_decoder": {"x": {"content": "<t>"}}}"#, "no ID"),
  ])
  func `names what does not agree`(name: String, content: String, words: String) throws {
    let found = try disagreements([name: content])
    #expect(found.count == 1 && found[0].contains(words), "\(found)")
  }

  @Test func `compares special tokens across files`() throws {
    let files = [
      "config.json": #"{"eos_token_id": 1}"#, "generation_config.json": #"{"eos_token_id": [2]}"#,
      "tokenizer_config.json": #"{"eos_token": "<s>"}"#,
    ]
    #expect(
      try disagreements(files) == [
        "eos_token_id is 1 in config.json and 2 in generation_config.json",
        "the eos_token of tokenizer_config.json is token 256 \"<s>\", and eos_token_id is 1, 2 in "
          + "the model's configuration",
      ])
  }

  @Test func `a file that is no JSON is named`() throws {
    #expect {
      try disagreements(["generation_config.json": "{"])
    } throws: {
      "\($0)".contains("generation_config.json")
    }
  }
}
