import TesseraBasics
import TesseraTestSupport
import Testing

@Suite struct EncodeDecodeTests {
  private let tokenizer = fixturePath("tokenizers/gpt2.json")

  @Test(arguments: ["text", "json", "jsonl", "u16", "u32"])
  func `decode undoes encode in every format, whatever the bytes`(format: String) throws {
    var random = SplitMix64(seed: 31)
    let text =
      Array("The river runs\n\n <|end|> नदी".utf8)
      + (0..<300).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    let options = ["--tokenizer", tokenizer, "--format", format]
    let encoded = try ToolRun(["encode"] + options, input: text)
    #expect(encoded.status == 0 && encoded.messages == "")
    let decoded = try ToolRun(["decode"] + options, input: encoded.output)
    #expect(decoded.status == 0)
    #expect(decoded.output == text)
  }

  @Test func `writes a line for each document, also for empty ones`() throws {
    let text = Array("ab\n\nab <|end|>\n".utf8)
    let options = ["--tokenizer", tokenizer, "--lines"]
    let lines = try ToolRun(["encode"] + options, input: text).text
    #expect(lines.split(separator: "\n", omittingEmptySubsequences: false).count == 4)
    let decoded = try ToolRun(["decode"] + options, input: Array(lines.utf8))
    #expect(decoded.output == text)
    let special = try ToolRun(["encode", "--special", "all"] + options, input: text).text
    #expect(special.hasSuffix(" 600\n"))
  }

  @Test func `counts tokens and bytes in its JSON`() throws {
    let run = try ToolRun(
      ["encode", "--tokenizer", tokenizer, "--lines", "--json"], input: Array("a\nb\n".utf8))
    let value = try JSONValue(parsing: run.output)
    #expect(value["documents"]?.array?.count == 2)
    #expect(value["token_count"] == 2)
    #expect(value["byte_count"] == 2)
  }

  @Test func `says what a tokenizer asks for that is not applied`() throws {
    let folder = try TemporaryDirectory()
    var value = try JSONValue(parsing: readFile(tokenizer, limit: 1 << 20))
    value["truncation"] = ["max_length": 1]
    let path = try folder.write("tokenizer.json", value.serialized(pretty: false))
    let run = try ToolRun(["encode", "--tokenizer", path], input: Array("ab ab".utf8))
    #expect(run.status == 0)
    #expect(run.messages == "note: the tokenizer's truncation is not applied\n")
    let plain = try ToolRun(["encode", "--tokenizer", tokenizer], input: Array("ab ab".utf8))
    #expect(run.output == plain.output)
  }

  @Test func `adds what the tokenizer's file adds where that is asked for`() throws {
    let options = ["encode", "--tokenizer", fixturePath("tokenizers/llama3.json"), "--lines"]
    let text = Array("ab\n\n".utf8)
    let plain = try ToolRun(options, input: text)
    #expect(plain.messages == "note: the tokenizer's post_processor is not applied\n")
    let whole = try ToolRun(options + ["--add-special-tokens"], input: text)
    #expect(whole.status == 0 && whole.messages.isEmpty)
    let lines = plain.text.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(whole.text == "601 \(lines[0])\n601\n")
  }

  @Test func `leaves merges out by a seed`() throws {
    let text = Array("The river runs past the old mill.\n".utf8)
    func ids(_ options: String...) throws -> String {
      let run = try ToolRun(["encode", "--tokenizer", tokenizer] + options, input: text)
      #expect(run.status == 0)
      return run.text
    }
    let none = try ids("--dropout", "1")
    #expect(none.split(separator: " ").count == text.count)
    #expect(try ids("--dropout", "0") == ids())
    #expect(try ids("--dropout", "0.5", "--seed", "3") == ids("--dropout", "0.5", "--seed", "3"))
    #expect(try ids("--dropout", "0.5", "--seed", "3") != ids("--dropout", "0.5", "--seed", "4"))
    let usage = try ToolRun(["encode", "--tokenizer", tokenizer, "--dropout", "2"], input: text)
    #expect(usage.status == 64)
  }

  @Test func `counts tokens, and checks that there are no more than a limit`() throws {
    let text = Array("The river runs past the old mill\na\n".utf8)
    let options = ["encode", "--tokenizer", tokenizer, "--lines", "--count"]
    let counts = try ToolRun(options, input: text)
    #expect(counts.status == 0)
    let count = try #require(counts.text.split(separator: "\n").first.flatMap { Int($0) })
    #expect(counts.text == "\(count)\n1\n")
    #expect(try ToolRun(options + ["--limit", "\(count)"], input: text).text == counts.text)
    let exceeded = try ToolRun(options + ["--limit", "3"], input: text)
    #expect(exceeded.status == 1 && exceeded.text == ">3\n1\n")
    let json = try ToolRun(options + ["--limit", "3", "--json"], input: text)
    #expect(json.text.hasPrefix(#"{"documents":[{"token_count":null},{"token_count":1}],"#))
    let first = try ToolRun(
      ["encode", "--tokenizer", tokenizer, "--limit", "2", "--lines"], input: text)
    #expect(first.status == 0)
    #expect(first.text.split(separator: "\n").map { $0.split(separator: " ").count } == [2, 1])
    for wrong in [
      ["--limit", "-1"], ["--count", "--format", "u16"], ["--count", "--add-special-tokens"],
    ] {
      #expect(try ToolRun(["encode", "--tokenizer", tokenizer] + wrong, input: text).status == 64)
    }
  }

  @Test func `names the file and the line of a special token`() throws {
    let folder = try TemporaryDirectory()
    let path = try folder.write("a.txt", Array("ab\nab\nx <|end|>\n".utf8))
    for dropout in ["0", "0.5"] {
      let run = try ToolRun([
        "encode", "--tokenizer", tokenizer, "--special", "error", "--lines", "--dropout", dropout,
        path,
      ])
      #expect(run.status == 65)
      let message = "\(path), line 3: the text contains the special token \"<|end|>\" at byte 2\n"
      #expect(run.messages.hasSuffix(message))
    }
  }

  @Test func `says in one line what is wrong`() throws {
    let text = Array("a <|end|>".utf8)
    let forbidden = try ToolRun(
      ["encode", "--tokenizer", tokenizer, "--special", "error"], input: text)
    #expect(forbidden.status == 65)
    #expect(forbidden.messages.hasSuffix("special token \"<|end|>\" at byte 2\n"))
    let number = try ToolRun(["decode", "--tokenizer", tokenizer], input: Array("1 x\n".utf8))
    #expect(number.status == 65)
    #expect(number.messages == "tessera: error: -, line 1: \"x\" is no token ID\n")
    let unknown = try ToolRun(["decode", "--tokenizer", tokenizer], input: Array("1\n601\n".utf8))
    #expect(unknown.status == 65)
    #expect(unknown.messages.hasPrefix("tessera: error: -, line 2: "))
    let missing = try ToolRun(["encode", "--tokenizer", "/nowhere/tokenizer.json"], input: text)
    #expect(missing.status == 66)
    let ranks = fixturePath("tokenizers/cl100k.tiktoken")
    let pattern = try ToolRun(["encode", "--tokenizer", ranks], input: text)
    #expect(pattern.status == 65)
    #expect(pattern.messages.contains("--pattern"))
  }
}
