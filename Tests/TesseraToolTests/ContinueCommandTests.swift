import TesseraBasics
import TesseraTestSupport
import Testing

/// Runs that begin with another run's weights and moments.
@Suite struct ContinueCommandTests {
  @Test func `continues a run, says so, and refuses what does not fit`() throws {
    let folder = try TemporaryDirectory()
    let (model, _, corpus) = try makeSmallModel(in: folder)
    let options = [
      "continue", "--run", model, "--corpus", corpus, "--paragraphs", "--held-out", "0.1",
      "--steps",
      "2", "--context", "16", "--batch-tokens", "16",
    ]
    let output = folder.file("continued")
    let plan = try ToolRun(options + ["--output", output, "--dry-run", "--keep-schedule"])
    #expect(plan.status == 0, "\(plan.messages)")
    #expect(
      plan.text.contains("continue: begins with weights and moments of \(model) after step 1"))
    #expect(plan.text.contains("goes on in its learning rate's curve"), "\(plan.text)")
    #expect(plan.text.contains("memory: "))
    #expect(!Path.exists(output))

    let run = try ToolRun(options + ["--output", output])
    #expect(run.status == 0, "\(run.messages)")
    #expect(run.messages.contains("with new data and a new schedule\n"), "\(run.messages)")
    let record = try JSONValue(parsing: folder.read("continued/run.json"))
    #expect(record["kind"]?.string == "continue")
    #expect(record["begins_with"]?["step"]?.int == 1)
    let report = try JSONValue(parsing: folder.read("continued/training.json"))
    #expect(report["result"]?["kind"]?.string == "continue")
    #expect(try #require(report["result"]?["peak_memory_bytes"]?.int) > 1 << 20)
    // What was continued can be, and be adapted.
    try ToolRun(
      ["continue", "--run", output] + options.dropFirst(3) + ["--output", folder.file("third")]
    ).expectSuccess()
    let again = try ToolRun(options + ["--output", output, "--resume", "--save-every", "1"])
    #expect(again.status == 0, "\(again.messages)")

    // Sources with names, other precisions and another choice of what moves: what `pretrain` can do.
    let mixed = try ToolRun(
      [
        "continue", "--run", output, "--corpus", "one=\(corpus)", "two=\(corpus)", "--mix", "one=3",
        "--mix", "two=1", "--freeze", "*embed_tokens*", "--recompute", "--dtype", "f32",
      ] + options.dropFirst(5) + ["--output", folder.file("mixed")])
    #expect(mixed.status == 0, "\(mixed.messages)")
    let mixture = try JSONValue(parsing: folder.read("mixed/run.json"))
    #expect(mixture["data"] != nil && mixture["precision"]?.string == "f32")
    let weights = try folder.read("mixed/config.json")
    #expect(String(decoding: weights, as: UTF8.self).contains("float32"))

    let other = folder.file("other")
    try ToolRun(options + ["--output", other, "--optimizer", "lion"]).expectFailure(
      65, ["adamw with moments in f32", "lion with moments in f32", "tessera adapt"])
    try ToolRun(["continue", "--run", corpus] + options.dropFirst(3) + ["--output", other])
      .expectFailure(65, ["no run to begin with"])
    try ToolRun(options + ["--output", model, "--force"]).expectFailure(73, [model])
    removeTree(folder.file("model/training.json"))
    try ToolRun(options + ["--output", other]).expectFailure(65, ["has not ended", "--resume"])
    #expect(!Path.exists(other))
  }

  @Test func `adapt says that it begins with weights alone, and pretrain with none`() throws {
    let folder = try TemporaryDirectory()
    let (model, tokenizer, corpus) = try makeSmallModel(in: folder)
    let adapt = try ToolRun([
      "adapt", "--model", model, "--corpus", corpus, "--paragraphs", "--no-replay", "--context",
      "16",
      "--batch-tokens", "32", "--init", "subword-mean", "--new-tokens", "4", "--steps", "2",
      "--output", folder.file("adapted"), "--dry-run",
    ])
    #expect(adapt.text.contains("adapt: begins with weights of a model alone"), "\(adapt.messages)")
    #expect(adapt.messages.isEmpty, "\(adapt.messages)")
    let pretrain = try ToolRun([
      "pretrain", "--tokenizer", tokenizer, "--corpus", corpus, "--paragraphs", "--size", "tiny",
      "--steps", "2", "--context", "16", "--ema", "0.9", "--output", folder.file("new"),
      "--dry-run",
    ])
    #expect(pretrain.text.contains("pretrain: begins with random weights"), "\(pretrain.messages)")
    #expect(pretrain.text.contains("averages: moving average with decay 0.9 (corrected)\n"))
    #expect(pretrain.messages.isEmpty, "\(pretrain.messages)")

    for (wrong, words) in [
      (["--weights", "ema"], ["--weights ema needs --ema"]),
      (["--lookahead-share", "0.5"], ["--lookahead-share needs --lookahead"]),
      (["--ema", "1"], ["--ema must be at least 0 and below 1"]),
      (["--lawa", "0"], ["--lawa"]),
    ] as [([String], [String])] {
      try ToolRun(
        [
          "pretrain", "--tokenizer", tokenizer, "--corpus", corpus, "--steps", "2", "--output",
          folder.file("new"),
        ] + wrong
      ).expectFailure(64, words)
    }
  }
}
