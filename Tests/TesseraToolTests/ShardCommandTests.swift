import TesseraBasics
import TesseraTestSupport
import Testing

/// `tessera shard`.
@Suite struct ShardCommandTests {
  private static let tokenizer = fixturePath("../../models/base-en")
  private static let corpus = fixturePath("../../corpora-samples/sw")

  private static func shard(_ output: String, _ options: [String] = []) throws -> ToolRun {
    try ToolRun(
      ["shard", "--tokenizer", tokenizer, corpus, "--paragraphs", "--output", output] + options)
  }

  @Test(arguments: ["tessera", "megatron", "llmc", "nanotron", "raw"])
  func `shards are made, and verified against the corpus`(format: String) throws {
    let folder = try TemporaryDirectory()
    let output = folder.file("out")
    let made = try Self.shard(
      output, ["--format", format, "--held-out", "0.2", "--json", "--threads", "1"])
    made.expectSuccess()
    let record = try JSONValue(parsing: made.output)
    #expect(record["layout"]?.string == format)
    #expect(try record == JSONValue(parsing: folder.read("out/shards.json")))
    let documents =
      (record["train"]?["documents"]?.int ?? 0) + (record["validation"]?["documents"]?.int ?? 0)
    #expect(documents > 20 && Path.exists(folder.file("out/configuration.yaml")))

    let verified = try ToolRun([
      "shard", "--verify", output, "--tokenizer", Self.tokenizer, Self.corpus, "--json",
    ])
    verified.expectSuccess()
    let result = try JSONValue(parsing: verified.output)
    #expect(result["documents"]?.int == documents && result["compared_documents"] == 6)

    let again = folder.file("again")
    try Self.shard(
      again, ["--format", format, "--held-out", "0.2", "--threads", "3", "--quiet"]
    ).expectSuccess()
    for name in try folder.listing() where name.hasPrefix("out/") && !name.hasSuffix(".yaml") {
      #expect(try folder.read(name) == folder.read("again" + name.dropFirst(3)), "\(name)")
    }
    try Self.shard(output).expectFailure(73, ["out exists already"])
    try Self.shard(output, ["--force", "--quiet"]).expectSuccess()
  }

  @Test func `a fault is told, and the exit status is 1`() throws {
    let folder = try TemporaryDirectory()
    try Self.shard(folder.file("out"), ["--quiet"]).expectSuccess()
    var bytes = try folder.read("out/train-00000.shard")
    bytes[200] ^= 1
    try folder.write("out/train-00000.shard", bytes)
    let run = try ToolRun(["shard", "--verify", folder.file("out"), "--json"])
    #expect(run.status == 1)
    #expect(run.messages.contains("train-00000.shard is damaged"))
    #expect(try JSONValue(parsing: run.output)["faults"]?.array?.count == 1)
    let alone = try ToolRun(["shard", "--verify", folder.file("out/train-00000.shard")])
    #expect(alone.status == 1 && alone.messages.contains("the checksum of the tokens"))
    try ToolRun(["shard", "--verify", Self.corpus]).expectFailure(65, ["sw is neither a folder"])
    try ToolRun(["shard", "--verify", folder.file("none")]).expectFailure(66, ["none"])
  }

  @Test func `what is asked for must go together`() throws {
    let folder = try TemporaryDirectory()
    let output = folder.file("out")
    try Self.shard(output, ["--format", "raw", "--shard-tokens", "7"])
      .expectFailure(64, ["--shard-tokens"])
    try Self.shard(output, ["--token-bytes", "4"]).expectFailure(64, ["--token-bytes 4"])
    try Self.shard(output, ["--token-bytes", "3"]).expectFailure(64, ["2 or 4"])
    try Self.shard(output, ["--format", "llmc", "--shard-tokens", "3000000000"])
      .expectFailure(64, ["at most"])
    try Self.shard(output, ["--verify", "x"]).expectFailure(64, ["--output"])
    try ToolRun(["shard", Self.corpus, "--output", output]).expectFailure(64, ["--tokenizer"])
    try ToolRun(["shard", "--verify", Self.corpus, Self.corpus, "--tokenizer", Self.tokenizer])
      .expectFailure(64, ["shards.json"])
    #expect(try folder.listing() == [])
  }
}
