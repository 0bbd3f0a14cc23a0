import TesseraBasics
import TesseraTestSupport
import Testing

/// Sources, stages and packing, as `pretrain` and `adapt` take them.
@Suite struct DataMixtureTests {
  /// A second corpus beside the small model's.
  private func other(in folder: borrowing TemporaryDirectory) throws -> String {
    try folder.write(
      "other.txt",
      (1...15).map { "green fish \($0) and a long tail of fish number \($0 * 3)" }
        .joined(separator: "\n\n"))
  }

  @Test func `pretrain shows shares, passes and stages, and keeps to them`() throws {
    let folder = try TemporaryDirectory()
    let (_, tokenizer, corpus) = try makeSmallModel(in: folder)
    let options = [
      "pretrain", "--size", "tiny", "--tokenizer", tokenizer, "--corpus", "big=\(corpus)",
      "small=\(try other(in: folder))", "--paragraphs", "--held-out", "0.2", "--steps", "10",
      "--context", "32", "--batch-tokens", "128", "--output", folder.file("out"),
    ]
    let mixture = [
      "--sampling-temperature", "inf", "--packing", "best-fit", "--document-masks", "--data-stage",
      "10%", "--data-stage", "rest big=3 small=1 prefix=0", "--prefix", "*=Fish: ",
      "--loss-weighting", "1",
    ]
    let plan = try ToolRun(options + mixture + ["--dry-run", "--json"])
    #expect(plan.status == 0, "\(plan.messages)")
    let data = try #require(try JSONValue(parsing: plan.output)["data"])
    #expect(data["packing"]?.string == "best-fit" && data["document_masks"]?.bool == true)
    let sources = try #require(data["sources"]?.array)
    #expect(sources.compactMap { $0["name"]?.string } == ["big", "small"])
    #expect(abs(try #require(sources[0]["share"]?.double) - 0.725) < 0.01)
    #expect(sources.allSatisfy { ($0["target_share"]?.double ?? 2) < 1 })
    #expect(sources.allSatisfy { ($0["prefix_tokens"]?.int ?? 0) > 0 })
    let stages = try #require(data["stages"]?.array)
    #expect(stages.compactMap { $0["first_step"]?.int } == [0, 1])
    #expect(stages.compactMap { $0["prefix_share"]?.double } == [1, 0])
    #expect(stages[0]["shares"]?["small"]?.double == 0.5)

    let run = try ToolRun(options + mixture)
    #expect(run.status == 0, "\(run.messages)")
    for line in [
      "sequences: 32 tokens, best-fit, attention inside of documents",
      "data: step 1: big 50.0 %, small 50.0 %; prefixes before 100.0 %",
      "data: steps 2 to 10: big 75.0 %, small 25.0 %; prefixes before 0.0 %",
    ] {
      #expect(run.messages.contains(line + "\n"), "\(run.messages)")
    }
    let metrics = String(decoding: try folder.read("out/metrics.jsonl"), as: UTF8.self)
    #expect(metrics.contains("\"big\"") && metrics.contains("\"small\""))
    // The same options give the same bytes, with another number of threads too.
    let model = try folder.read("out/model.safetensors")
    let again = options.dropLast() + [folder.file("again")] + mixture + ["--threads", "1"]
    try ToolRun(Array(again)).expectSuccess()
    #expect(try folder.read("again/model.safetensors") == model)
    try ToolRun(
      options + ["--resume", "--packing", "concatenate"] + mixture[0..<2] + mixture[4...]
    ).expectFailure(64, ["--packing"])

    let dry = options.dropLast() + [folder.file("dry"), "--dry-run"]
    try ToolRun(dry + ["--max-epochs", "0.5"]).expectFailure(
      64, ["passes over each source", "--max-epochs"])
    try ToolRun(dry + ["--data-stage", "rest tiny=1"])
      .expectFailure(64, ["no source is called \"tiny\"", "big, small"])
    try ToolRun(dry + ["--data-stage", "5 big=1"])
      .expectFailure(64, ["the data stages take 5 steps"])
  }

  @Test func `prefixes are made of the fields of a document's line`() throws {
    let folder = try TemporaryDirectory()
    let (model, tokenizer, _) = try makeSmallModel(in: folder)
    let lines = (1...30).map { number in
      let url = number % 3 == 0 ? "" : #""url": "pond/\#(number)", "#
      return #"{\#(url)"text": "one fish \#(number), two fish, red fish"}"#
    }
    let corpus = try folder.write("corpus.jsonl", lines.joined(separator: "\n"))
    let common = [
      "--steps", "4", "--context", "64", "--batch-tokens", "128", "--held-out", "0.2", "--prefix",
      "*={url}:\\n",
    ]
    let pretrain = ["pretrain", "--size", "tiny", "--tokenizer", tokenizer] + common
    let out = ["--output", folder.file("out")]
    let plan = try ToolRun(pretrain + ["--corpus", corpus, "--dry-run", "--json"] + out)
    #expect(plan.status == 0, "\(plan.messages)")
    let source = try #require(try JSONValue(parsing: plan.output)["data"]?["sources"]?.array?.first)
    // "pond/10:" and a line feed, in tokens of about a byte.
    #expect((5...9).contains(try #require(source["prefix_tokens"]?.int)))
    try ToolRun(pretrain + ["--corpus", corpus] + out).expectSuccess()
    let none = folder.file("none")
    try ToolRun(pretrain + ["--corpus", corpus, "--prefix", "corpus={source}", "--output", none])
      .expectFailure(64, ["source", "no document has such fields"])

    let adapt = ["adapt", "--model", model, "--new-tokens", "0", "--no-replay"] + common
    let adapted = try ToolRun(
      adapt + ["--corpus", "pond=\(corpus)", "--dry-run", "--json", "--output", none])
    #expect(adapted.status == 0, "\(adapted.messages)")
    let data = try #require(try JSONValue(parsing: adapted.output)["data"])
    #expect(data["sources"]?.array?.first?["prefix_tokens"] == source["prefix_tokens"])
    #expect(data["sources"]?.array?.first?["name"]?.string == "pond")
    try ToolRun(
      adapt + ["--corpus", "pond=\(corpus)", "--prefix", "pond={source}", "--output", none]
    ).expectFailure(64, ["the prefix of pond has places for source"])
    #expect(!Path.exists(none))
  }

  @Test func `adapt reads replay in the first tenth alone where it is told to`() throws {
    let folder = try TemporaryDirectory()
    let (model, _, corpus) = try makeSmallModel(in: folder)
    let output = folder.file("adapted")
    let options = [
      "adapt", "--model", model, "--corpus", "green=\(try other(in: folder))", "--replay", corpus,
      "--paragraphs", "--context", "16", "--batch-tokens", "64", "--init", "subword-mean",
      "--new-tokens", "8", "--steps", "10", "--output", output, "--name", "fish",
    ]
    let early = options + ["--curriculum", "early-replay"]
    let plan = try ToolRun(early + ["--dry-run", "--json"])
    #expect(plan.status == 0, "\(plan.messages)")
    let stages = try #require(try JSONValue(parsing: plan.output)["data"]?["stages"]?.array)
    #expect(stages.compactMap { $0["shares"]?["corpus"]?.double } == [0.25, 0])
    #expect(stages.compactMap { $0["first_step"]?.int } == [0, 1])
    let run = try ToolRun(early)
    #expect(run.status == 0 || run.status == 1, "\(run.messages)")
    #expect(run.messages.contains("data: steps 2 to 10: green 100.0 %"), "\(run.messages)")
    try ToolRun(early + ["--resume", "--curriculum", "finish=green"])
      .expectFailure(64, ["--curriculum early-replay"])

    // Before rows are made, and before anything is written.
    let none = options.map { $0 == output ? folder.file("none") : $0 }
    try ToolRun(none + ["--curriculum", "finish=red"])
      .expectFailure(64, ["no source is called \"red\""])
    #expect(!Path.exists(folder.file("none")))
  }
}
