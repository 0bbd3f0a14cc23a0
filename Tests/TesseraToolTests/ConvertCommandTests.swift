import TesseraBasics
import TesseraTestSupport
import Testing

@Suite struct ConvertCommandTests {
  private let gpt2 = fixturePath("tokenizers/gpt2.json")

  private func convert(_ arguments: String...) throws -> ToolRun {
    try ToolRun(["convert"] + arguments)
  }

  private func ids(_ tokenizer: String) throws -> String {
    let run = try ToolRun(
      ["encode", "--tokenizer", tokenizer], input: Array("The river's 12 नदी\n\n".utf8))
    run.expectSuccess()
    return run.text
  }

  @Test(arguments: ["huggingface", "tiktoken", "vocab-merges", "compiled"])
  func `what it writes gives the same IDs`(format: String) throws {
    let folder = try TemporaryDirectory()
    let output = folder.file("out")
    let run = try convert("--from", gpt2, "--to", format, "--output", output, "--json")
    run.expectSuccess()
    let result = try JSONValue(parsing: run.output)
    #expect(result["output"]?.string == output && result["format"]?.string == format)
    #expect(try ids(output) == ids(gpt2))
    let again = try convert("--from", gpt2, "--to", format, "--output", output)
    again.expectFailure(73, ["--force"])
    try convert("--from", gpt2, "--to", format, "--output", output, "--force").expectSuccess()
    let decoded = try ToolRun(
      ["decode", "--tokenizer", output], input: Array(ids(output).utf8))
    #expect(decoded.text == "The river's 12 नदी\n\n")
  }

  @Test func `replaces no file that is not its own`() throws {
    let folder = try TemporaryDirectory()
    let path = try folder.write("thesis.txt", "precious")
    try convert("--from", gpt2, "--to", "compiled", "--output", path, "--force")
      .expectFailure(73, ["thesis.txt", "remove it yourself"])
    #expect(try readFile(path, limit: 100) == Array("precious".utf8))
  }

  @Test func `writes beside its source, and over none of it`() throws {
    let folder = try TemporaryDirectory()
    let source = try readFile(gpt2, limit: 1 << 24)
    try folder.write("t/tokenizer.json", source)
    let tokenizer = folder.file("t")
    let compiled = folder.file("t/tokenizer.tessera")
    try convert("--from", tokenizer, "--to", "compiled", "--output", compiled).expectSuccess()
    try convert("--from", tokenizer, "--to", "compiled", "--output", compiled, "--force")
      .expectSuccess()
    try convert("--from", compiled, "--to", "compiled", "--output", compiled, "--force")
      .expectFailure(73, ["input"])
    #expect(try ids(compiled) == ids(gpt2))
    let other = folder.file("t/other")
    try convert("--from", tokenizer, "--to", "vocab-merges", "--output", other).expectSuccess()
    for name in ["merges.txt", "tokenizer_config.json"] {
      try convert("--from", other, "--to", "compiled", "--output", other + "/" + name, "--force")
        .expectFailure(73, ["input"])
    }
    for output in [tokenizer, folder.path] {
      try convert("--from", tokenizer, "--to", "huggingface", "--output", output, "--force")
        .expectFailure(73, ["input"])
    }
    #expect(try folder.read("t/tokenizer.json") == source)
  }

  @Test(arguments: ["huggingface", "tiktoken", "vocab-merges", "compiled"])
  func `a dry run converts and checks, and leaves nothing`(format: String) throws {
    let folder = try TemporaryDirectory()
    let output = folder.file(format == "compiled" ? "out" : "a/b/out")
    let options = ["--to", format, "--output", output, "--dry-run"]
    let run = try ToolRun(["convert", "--from", gpt2] + options)
    run.expectSuccess()
    #expect(run.messages.contains("not written"))
    #expect(try folder.listing().isEmpty && !Path.exists(folder.file("a")))
    let suffix = fixturePath("sentencepiece/suffix.model")
    if format == "huggingface" {
      try ToolRun(["convert", "--quiet", "--from", suffix] + options)
        .expectFailure(65, ["cannot express"])
    }
    try convert("--from", gpt2, "--to", format, "--output", folder.file("out")).expectSuccess()
    let before = try folder.listing()
    try convert("--from", gpt2, "--to", format, "--output", folder.file("out"), "--dry-run")
      .expectFailure(73, ["exists"])
    #expect(try folder.listing() == before)
  }

  @Test func `says what a format has no place for`() throws {
    let folder = try TemporaryDirectory()
    var root = try JSONValue(parsing: readFile(gpt2, limit: 1 << 24)).object!
    root["truncation"] = [
      "max_length": 3, "stride": 0, "strategy": "LongestFirst", "direction": "Right",
    ]
    let from = try folder.write("tokenizer.json", JSONValue.object(root).serialized(pretty: false))
    let run = try convert("--from", from, "--to", "tiktoken", "--output", folder.file("out"))
    run.expectSuccess()
    #expect(run.messages.contains("the truncation is not in the new files"))
  }

  @Test func `reads SentencePiece, and refuses what a format cannot express`() throws {
    let folder = try TemporaryDirectory()
    let model = fixturePath("sentencepiece/llama.model")
    let output = folder.file("json")
    try convert("--from", model, "--to", "huggingface", "--output", output).expectSuccess()
    #expect(try ids(output) == ids(model))
    try convert(
      "--from", fixturePath("sentencepiece/suffix.model"), "--to", "huggingface", "--output",
      folder.file("other")
    ).expectFailure(65, ["treat_whitespace_as_suffix"])
    try convert("--from", model, "--to", "tekken", "--output", folder.file("x"))
      .expectFailure(64, ["tekken"])
    try convert("--from", folder.file("nothing"), "--to", "compiled", "--output", folder.file("x"))
      .expectFailure(66, ["nothing"])
    let broken = try folder.write("broken.model", Array(readFile(model, limit: 1 << 20)[..<999]))
    try convert("--from", broken, "--to", "compiled", "--output", folder.file("x"))
      .expectFailure(65, ["broken.model", "byte"])
  }

  @Test func `u16 has no room for what a post-processor adds above`() throws {
    let folder = try TemporaryDirectory()
    var value = try JSONValue(parsing: readFile(gpt2, limit: 1 << 20))
    value["post_processor"] = [
      "type": "BertProcessing", "sep": ["x", 70_000], "cls": ["y", 1],
    ]
    let path = try folder.write("tokenizer.json", value.serialized(pretty: false))
    let options = ["encode", "--quiet", "--format", "u16", "--tokenizer", path]
    try ToolRun(options, input: [97]).expectSuccess()
    try ToolRun(options + ["--add-special-tokens"], input: [97])
      .expectFailure(65, ["u16", "70000"])
  }
}
