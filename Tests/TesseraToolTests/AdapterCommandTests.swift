import TesseraBasics
import TesseraCheckpoints
import TesseraTestSupport
import Testing

/// Adapters, from the command line to the model's files.
@Suite struct AdapterCommandTests {
  @Test func `adapters are written into the matrices of their layers alone`() throws {
    let folder = try TemporaryDirectory()
    let (model, _, corpus) = try makeSmallModel(in: folder)
    let output = folder.file("adapted")
    let options = [
      "adapt", "--model", model, "--corpus", corpus, "--paragraphs", "--no-replay", "--context",
      "16", "--batch-tokens", "32", "--output", output, "--init", "subword-mean", "--new-tokens",
      "8", "--steps", "6", "--adapters", "lora", "--adapter-layers", "0", "--adapter-matrices",
      "attention", "--adapter-rank", "2", "--lr", "0.01",
    ]
    let plan = try ToolRun(options + ["--dry-run", "--json"])
    #expect(plan.status == 0, "\(plan.messages)")
    let record = try JSONValue(parsing: plan.output)
    #expect(record["adapters"]?["method"]?.string == "lora")
    #expect(record["adapters"]?["rank"]?.int == 2)
    let run = try ToolRun(options)
    #expect(run.status == 0 || run.status == 1, "\(run.messages)")
    #expect(run.messages.contains("lora_A"), "\(run.messages)")

    let (before, after) = try (Checkpoint(directory: model), Checkpoint(directory: output))
    let names = before.shards.flatMap(\.header.tensors).map(\.name)
    #expect(names.sorted() == after.shards.flatMap(\.header.tensors).map(\.name).sorted())
    for name in names where !name.contains("embed") && !name.contains("lm_head") {
      let stayed =
        try before.readTensor(name).map(\.bitPattern) == after.readTensor(name).map(\.bitPattern)
      #expect(stayed == !name.contains("layers.0.self_attn"), "\(name)")
    }
  }

  @Test(
    arguments: [
      ("--adapter-rank 4", "needs --adapters"),
      ("--adapters lora --adapter-rank 0", "--adapter-rank"),
      ("--adapters lora --adapter-min-rank 2", "dylora"),
      ("--adapters dylora --adapter-min-rank 9", "at most --adapter-rank, 8"),
      ("--adapters lora --adapter-alpha 0", "positive"),
      ("--adapters lora --adapter-layers x", "0-9,-2--1"),
    ])
  func `refuses what makes no adapters`(arguments: String, expected: String) throws {
    let words = arguments.split(separator: " ").map(String.init)
    try ToolRun(
      ["adapt", "--model", "m", "--corpus", "c", "--no-replay", "--output", "o"] + words
    )
    .expectFailure(64, [expected])
  }
}
