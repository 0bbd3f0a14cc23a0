import TesseraBasics
import TesseraTestSupport
import Testing

/// Methods of initialization side by side.
@Suite struct CompareCommandTests {
  @Test func `measures each method with each seed, and goes on where it was stopped`() throws {
    let folder = try TemporaryDirectory()
    let (model, _, corpus) = try makeSmallModel(in: folder)
    let output = folder.file("compared")
    let call = [
      "compare", "--model", model, "--corpus", corpus, "--paragraphs", "--no-replay", "--context",
      "16", "--batch-tokens", "32", "--quiet", "--new-tokens", "8", "--steps", "4", "--at", "3,2",
      "--seeds", "2", "--init", "random,subword-mean,cw2v", "--output", output,
    ]
    let run = try ToolRun(call)
    #expect(run.status == 0, "\(run.messages)")
    let record = try JSONValue(parsing: try folder.read("compared/comparison.json"))
    let runs = try #require(record["runs"]?.array)
    #expect(runs.count == 6)
    for run in runs {
      let steps = try #require(run["bits_per_byte"]?.array).map { $0["step"]?.int }
      #expect(steps == [0, 2, 3, 4])
    }
    func score(_ method: String, _ seed: Int, _ step: Int) throws -> Double {
      let run = try #require(
        runs.first { $0["method"]?.string == method && $0["seed"]?.int == seed })
      let score = try #require(run["bits_per_byte"]?.array?.first { $0["step"]?.int == step })
      return try #require(score["corpora"]?.array?.first?["bits_per_byte"]?.double)
    }
    // A method without noise starts from the same rows with every seed, and sees other batches then.
    #expect(try score("subword-mean", 0, 0) == score("subword-mean", 1, 0))
    #expect(try score("subword-mean", 0, 4) != score("subword-mean", 1, 4))
    #expect(try score("random", 0, 0) != score("random", 1, 0))
    let ranking = try #require(record["ranking"]?.array).compactMap(\.string)
    let means = try ranking.map { try (score($0, 0, 4) + score($0, 1, 4)) / 2 }
    #expect(ranking.count == 3 && means == means.sorted())
    let table = run.text.split(separator: "\n")
    #expect(table.count == 4 && table[1].hasPrefix(ranking[0]))
    #expect(table[0].contains("seeds") && table[1].split(separator: " ")[1] == "2")
    #expect(try folder.read("compared/comparison.txt") == Array(run.text.utf8))
    #expect(try !folder.listing().contains { $0.hasPrefix("compared/model") })

    try ToolRun(call).expectFailure(73, ["--force"])
    // Half of the runs are forgotten, and measured again.
    var state = try JSONValue(parsing: try folder.read("compared/run.json"))
    state["runs"] = .array(Array(runs.prefix(3)))
    try folder.write("compared/run.json", state.serialized(pretty: true))
    removeTree(folder.file("compared/comparison.json"))
    let resumed = try ToolRun(call + ["--resume"])
    #expect(resumed.status == 0, "\(resumed.messages)")
    #expect(
      try JSONValue(parsing: folder.read("compared/comparison.json")).serialized(pretty: true)
        == record.serialized(pretty: true))

    // The last --seeds and --init count, and can only be more.
    let more = try ToolRun(
      call + ["--resume", "--json", "--seeds", "3", "--init", "random,mean,cw2v,subword-mean"])
    #expect(more.status == 0, "\(more.messages)")
    let longer = try #require(try JSONValue(parsing: more.output)["runs"]?.array)
    #expect(Array(longer.prefix(6)) == runs && longer.count == 4 * 3)
    let counts = Dictionary(grouping: longer) { $0["method"]?.string }.mapValues(\.count)
    #expect(counts.count == 4 && counts.values.allSatisfy { $0 == 3 })
    let configuration = try folder.read("compared/configuration.yaml")
    #expect(String(decoding: configuration, as: UTF8.self).contains("seeds: 3\n"))
    try ToolRun(call + ["--resume", "--seeds", "3"]).expectFailure(64, ["mean", "--init"])
    try ToolRun(call + ["--resume", "--init", "random,mean,cw2v,subword-mean"])
      .expectFailure(64, ["3 seeds", "--seeds 2"])
    try ToolRun(call + ["--resume", "--steps", "5"]).expectFailure(64, ["--steps 4", "--steps 5"])
  }

  @Test func `refuses what it cannot compare`() throws {
    let folder = try TemporaryDirectory()
    let (model, _, corpus) = try makeSmallModel(in: folder)
    let call = [
      "compare", "--model", model, "--corpus", corpus, "--paragraphs", "--no-replay", "--output",
      folder.file("compared"),
    ]
    try ToolRun(call + ["--init", "clp"]).expectFailure(64, ["clp", "--donor"])
    try ToolRun(call + ["--init", "mean", "--donor", model]).expectFailure(64, ["--donor", "omp"])
    try ToolRun(call + ["--init", "transtok"]).expectFailure(64, ["transtok", "--parallel"])
    try ToolRun(call + ["--init", "mean,none"]).expectFailure(64, ["--init"])
    try ToolRun(call + ["--init", "mean,mean"]).expectFailure(64, ["--init"])
    try ToolRun(call + ["--steps", "3", "--at", "4"]).expectFailure(64, ["--at", "4", "3"])
    #expect(try !folder.listing().contains { $0.hasPrefix("compared") })
  }
}
