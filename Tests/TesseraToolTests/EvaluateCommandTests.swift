import TesseraBasics
import TesseraTestSupport
import TesseraTokenizers
import Testing

/// Probes, and a model against its base.
@Suite struct EvaluateCommandTests {
  @Test func `probes are in the record by corpus, and in the table`() throws {
    let folder = try TemporaryDirectory()
    let (model, _, corpus) = try makeSmallModel(in: folder)
    let pairs = try folder.write(
      "pairs.tsv", (1...9).map { "one fish \($0)\tein Fisch \($0)\n" }.joined())
    let call = [
      "evaluate", "--model", model, "--corpus", "fish=\(corpus)", "--paragraphs", "--probes", "all",
      "--parallel", pairs, "--probe-items", "6", "--samples", "2", "--quiet",
    ]
    let run = try ToolRun(call + ["--json"])
    run.expectSuccess()
    let record = try JSONValue(parsing: run.output)
    let probes = try #require(record["fish"]?["probes"]?.object)
    #expect(
      probes.keys == ["induction", "continuation", "corruption", "last-word", "generation"])
    let gain = probes["induction"]?["gain_nats_per_token"]
    #expect(
      gain?["chance"]?.double == 0 && gain?["items"] == 6 && gain?["interval"]?.array?.count == 2)
    #expect(probes["corruption"]?["word_swap_accuracy"]?["chance"]?.double == 0.5)
    #expect(probes["generation"]?["valid_utf8"]?["corpus"]?.double == 1)
    #expect(record["parallel"]?["parallel"]?["to_source_accuracy"]?["chance"]?.double == 0.25)
    #expect(record["fish"]?["bits_per_byte"]?.double != nil)
    // Again, and with another number of threads.
    #expect(try ToolRun(call + ["--json", "--threads", "1"]).output == run.output)
    let table = try ToolRun(call).text
    #expect(table.contains("gain nats per token") && table.contains("to translation accuracy"))
  }

  @Test func `a model against itself has changed nothing`() throws {
    let folder = try TemporaryDirectory()
    let (model, _, corpus) = try makeSmallModel(in: folder)
    let call = [
      "evaluate", "--model", model, "--base", model, "--drift", "--corpus", "fish=\(corpus)",
      "--paragraphs", "--probes", "corruption", "--probe-items", "5", "--quiet",
    ]
    let run = try ToolRun(call + ["--json"])
    run.expectSuccess()
    let record = try JSONValue(parsing: run.output)
    for key in ["against_base", "against_base_by_bytes"] {
      let comparison = try #require(record["fish"]?[key])
      #expect(comparison["bits_per_byte_change"]?.double == 0)
      #expect(comparison["bits_per_byte_change_interval"]?.array?.map(\.double) == [0, 0])
    }
    #expect(record["fish"]?["against_base_by_bytes"]?["window_bytes"] == 16)
    let probe = record["fish"]?["probes"]?["corruption"]?["word_swap_accuracy"]
    #expect(probe?["change"]?.double == 0 && probe?["base"] == probe?["value"])
    let drift = try #require(record["drift"])
    #expect(drift["total"]?["relative_distance"]?.double == 0)
    #expect(drift["hidden_states"]?["depths"]?.array?.last?["relative_distance"]?.double == 0)
    let text = try ToolRun(call).text
    #expect(text.contains("windows of") && text.contains("relative distance"))
    // Weights alone need no text.
    let weights = try ToolRun([
      "evaluate", "--model", model, "--base", model, "--drift", "--quiet", "--json",
    ])
    weights.expectSuccess()
    let alone = try JSONValue(parsing: weights.output)
    #expect(alone["drift"]?["parts"]?.array?.isEmpty == false)
    #expect(alone["drift"]?["hidden_states"] == nil)
  }

  @Test func `what cannot be measured is said in one line`() throws {
    let folder = try TemporaryDirectory()
    let (model, _, corpus) = try makeSmallModel(in: folder)
    let pairs = try folder.write("pairs.tsv", "one\n")
    let call = ["evaluate", "--model", model, "--corpus", "fish=\(corpus)", "--quiet"]
    try ToolRun(call + ["--probes", "parallel", "--parallel", pairs])
      .expectFailure(65, ["pairs.tsv", "line 1"])
    try ToolRun(call + ["--base", model, "--byte-window", "100"])
      .expectFailure(64, ["a window of 100 bytes", "windows of 16 bytes"])
  }
}
