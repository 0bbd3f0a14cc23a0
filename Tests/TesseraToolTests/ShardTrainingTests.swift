import TesseraBasics
import TesseraTestSupport
import Testing

/// Training from a folder of shards.
@Suite struct ShardTrainingTests {
  @Test func `pretrain makes of shards the model that it makes of the text`() throws {
    let folder = try TemporaryDirectory()
    let (_, tokenizer, corpus) = try makeSmallModel(in: folder)
    let shards = folder.file("shards")
    try ToolRun([
      "shard", "--tokenizer", tokenizer, corpus, "--paragraphs", "--held-out", "0.2",
      "--shard-tokens", "100", "--output", shards, "--quiet",
    ]).expectSuccess()
    #expect(Path.exists(folder.file("shards/train-00002.shard")))
    let options = [
      "pretrain", "--size", "tiny", "--tokenizer", tokenizer, "--steps", "3", "--context", "16",
      "--batch-tokens", "64", "--quiet",
    ]
    try ToolRun(
      options + ["--corpus", corpus, "--paragraphs", "--held-out", "0.2", "--output"]
        + [folder.file("a")]
    ).expectSuccess()
    try ToolRun(options + ["--corpus", shards, "--output", folder.file("b")]).expectSuccess()
    for name in ["model.safetensors", "held-out.jsonl"] {
      #expect(try folder.read("a/" + name) == folder.read("b/" + name), "\(name)")
    }
    let (a, b) = (
      try JSONValue(parsing: folder.read("a/training.json")),
      try JSONValue(parsing: folder.read("b/training.json"))
    )
    #expect(a["plan"] == b["plan"])
    #expect(try #require(a["result"]?["held_out"]) == b["result"]?["held_out"])

    let other = options + ["--output", folder.file("c"), "--corpus"]
    try ToolRun(other + [shards, "--paragraphs"]).expectFailure(64, ["leave out --paragraphs"])
    try ToolRun(other + [shards, "--held-out", "0.1"]).expectFailure(64, ["leave out --held-out"])
    try ToolRun(other + [shards, corpus]).expectFailure(64, ["the folder of shards"])
    try ToolRun(
      other + [shards, "--tokenizer", fixturePath("../../models/base-en"), "--steps", "1"]
    ).expectFailure(65, ["another tokenizer"])
    #expect(!Path.exists(folder.file("c")))
  }
}
