import TesseraBasics
import TesseraTestSupport
import Testing

/// `adapt --embedding-rank`.
@Suite struct FactorTrainingTests {
  @Test func `trains factors, and leaves their products and themselves`() throws {
    let folder = try TemporaryDirectory()
    let (model, _, corpus) = try makeSmallModel(in: folder)
    let options = [
      "adapt", "--model", model, "--corpus", corpus, "--paragraphs", "--no-replay", "--context",
      "16", "--batch-tokens", "32", "--output", folder.file("adapted"), "--init", "subword-mean",
      "--new-tokens", "8", "--steps", "4", "--embedding-rank", "12",
    ]
    let plan = try ToolRun(options + ["--dry-run", "--json"])
    plan.expectSuccess()
    let record = try JSONValue(parsing: plan.output)
    #expect(record["embedding_rank"]?.int == 12)
    let whole = try ToolRun(Array(options.dropLast(2)) + ["--dry-run", "--json"])
    let count = try #require(try JSONValue(parsing: whole.output)["parameters"]?.int)
    // 272 rows of 128 numbers, or of 12 with 12 primitives.
    #expect(record["parameters"]?.int == count - 272 * 128 + 272 * 12 + 12 * 128)

    let run = try ToolRun(options)
    #expect(run.status == 0 || run.status == 1, "\(run.messages)")
    #expect(run.messages.contains("input.coordinates.weight"))
    let factors = try folder.read("adapted/factors.safetensors")
    #expect(
      String(decoding: factors.prefix(400), as: UTF8.self).contains("input.primitives.weight"))
    // The model itself has whole rows.
    let logits = try ToolRun([
      "evaluate", "--model", folder.file("adapted"), "--corpus", corpus, "--json",
    ])
    logits.expectSuccess()
    try ToolRun(options + ["--resume", "--embedding-rank", "8"]).expectFailure(
      64, ["--embedding-rank"])
    try ToolRun(Array(options.dropLast()) + ["129", "--force"])
      .expectFailure(64, ["--embedding-rank must be at most 128"])
  }
}
