import TesseraBasics
import TesseraTestSupport
import Testing

/// `extend --replace-tokenizer` from the command line.
@Suite struct ReplaceTokenizerTests {
  private let base = fixturePath("../../models/base-en")

  private func json(_ arguments: [String]) throws -> JSONValue {
    let run = try ToolRun(arguments + ["--json", "--quiet"])
    #expect(run.status == 0, "\(run.messages)")
    return try JSONValue(parsing: run.output)
  }

  /// A tokenizer of Swahili with a special token.
  private func swahili(
    in folder: borrowing TemporaryDirectory, special: String = "<|endoftext|>",
    pattern: String = "o200k"
  ) throws -> String {
    let output = folder.file("sw" + special.filter(\.isLetter))
    _ = try json([
      "train", fixturePath("../../corpora-samples/sw"), "--vocab-size", "1000", "--special",
      special, "--pattern", pattern, "--output", output,
    ])
    return output
  }

  @Test func `a model gets another tokenizer, and a dry run says what it would be`() throws {
    let folder = try TemporaryDirectory()
    let tokenizer = try swahili(in: folder)
    let call = ["extend", "--model", base, "--replace-tokenizer", tokenizer]
    let plan = try json(call + ["--dry-run", "--pad-to-multiple", "64"])
    let shared = try #require(plan["shared_token_count"]?.int)
    let new = try #require(plan["new_token_count"]?.int)
    #expect(shared > 257 && new > 100 && shared + new == 1_000)
    #expect(plan["dropped_token_count"]?.int == 8_192 - shared)
    #expect(plan["base_row_count"] == 8_192 && plan["row_count"] == 1_024)
    let output = folder.file("replaced")
    let result = try json(call + ["--pad-to-multiple", "64", "--output", output])
    for (key, value) in try #require(plan.object).members { #expect(result[key] == value) }
    #expect(result["from_tokenizer"] == ["tokenizer_config.json"])
    let text = fixturePath("../../corpora-samples/sw")
    let encode = ["encode", text, "--tokenizer"]
    #expect(try ToolRun(encode + [output]).output == ToolRun(encode + [tokenizer]).output)
    let inspected = try ToolRun(["inspect", output])
    #expect(inspected.status == 0, "\(inspected.messages)")
    #expect(inspected.text.hasSuffix("\nno faults\n"), "\(inspected.text)")
    let generated = try ToolRun([
      "generate", "--model", output, "--prompt", "Habari", "--tokens", "2", "--quiet",
    ])
    #expect(generated.status == 0, "\(generated.messages)")
    try ToolRun(["restore", output, "--output", folder.file("base")])
      .expectFailure(65, ["tokenizer was replaced"])
    try ToolRun(["extend", "--model", base, "--delta", output + "/extension.json", "--dry-run"])
      .expectFailure(65, ["tokenizer was replaced"])
    try ToolRun(call + ["--output", output]).expectFailure(73, [output])
    let focus = [
      "--init", "focus", "--corpus", text, "--paragraphs", "--output", folder.file("focus"),
    ]
    #expect(try json(call + focus)["input"]?["method"] == "focus")
  }

  @Test func `a tokenizer that does not say how text is split is told it`() throws {
    let folder = try TemporaryDirectory()
    let tokenizer = try swahili(in: folder, pattern: "gpt2")
    _ = try json([
      "convert", "--from", tokenizer, "--to", "vocab-merges", "--output", folder.file("converted"),
    ])
    for name in ["vocab.json", "merges.txt"] {
      try folder.write("files/" + name, folder.read("converted/" + name))
    }
    try folder.write("files/special_tokens_map.json", #"{"eos_token": "<|endoftext|>"}"#)
    let call = ["extend", "--model", base, "--replace-tokenizer", folder.file("files")]
    try ToolRun(call + ["--dry-run"]).expectFailure(65, ["vocab.json", "--pattern"])
    let output = folder.file("replaced")
    let result = try json(call + ["--pattern", "gpt2", "--output", output])
    #expect(try #require(result["shared_token_count"]?.int) > 257)
    let encode = ["encode", fixturePath("../../corpora-samples/sw"), "--tokenizer"]
    #expect(try ToolRun(encode + [output]).output == ToolRun(encode + [tokenizer]).output)
  }

  @Test func `a token with the sign of equality in it is mapped`() throws {
    let folder = try TemporaryDirectory()
    let corpus = try folder.write(
      "corpus.txt", (1...40).map { "one fish \($0) red fish" }.joined(separator: "\n\n"))
    func train(_ name: String, special: String) throws -> String {
      _ = try json([
        "train", corpus, "--vocab-size", "264", "--special", "<|endoftext|>", "--special", special,
        "--output", folder.file(name),
      ])
      return folder.file(name)
    }
    let model = folder.file("model")
    let pretrained = try ToolRun([
      "pretrain", "--size", "tiny", "--tokenizer", train("old", special: "<a=b>"), "--corpus",
      corpus, "--paragraphs", "--steps", "1", "--context", "16", "--batch-tokens", "16", "--quiet",
      "--output", model,
    ])
    #expect(pretrained.status == 0, "\(pretrained.messages)")
    let added = try JSONValue(parsing: folder.read("old/tokenizer.json"))["added_tokens"]?.array
    let token = try #require(added?.first { $0["content"] == "<a=b>" })
    var configuration = try JSONValue(parsing: folder.read("model/config.json"))
    configuration["pad_token_id"] = token["id"]
    try folder.write("model/config.json", configuration.serialized(pretty: true))
    let call = [
      "extend", "--model", model, "--replace-tokenizer", try train("new", special: "<=>"),
      "--output", folder.file("replaced"),
    ]
    try ToolRun(call).expectFailure(65, ["pad_token_id", "--map-token \"<a=b>=TOKEN\""])
    _ = try json(call + ["--map-token", "<a=b>=<=>"])
    let record = try JSONValue(parsing: folder.read("replaced/extension.json"))
    #expect(record["mapped_tokens"] == [["<a=b>", "<=>"]])
    // A text that is no added token of the model ends before the first sign.
    try ToolRun(call + ["--force", "--map-token", "<c=d>=<=>"]).expectFailure(65, ["\"<c\""])
  }

  @Test func `a role whose token is missing is named, and mapped`() throws {
    let folder = try TemporaryDirectory()
    let tokenizer = try swahili(in: folder, special: "</s>")
    let call = [
      "extend", "--model", base, "--replace-tokenizer", tokenizer, "--output", folder.file("new"),
    ]
    try ToolRun(call).expectFailure(
      65, ["config.json", "_token_id", "<|endoftext|>", "--map-token"])
    let result = try ToolRun(call + ["--map-token", "<|endoftext|>=</s>"])
    #expect(result.status == 0, "\(result.messages)")
    #expect(result.messages.contains("shared keep their rows"))
    let configuration = try JSONValue(parsing: folder.read("new/config.json"))
    #expect(configuration["vocab_size"] == 1_000 && configuration["eos_token_id"] == 0)
  }
}
