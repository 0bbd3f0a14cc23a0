import TesseraBasics
import TesseraTestSupport
import Testing

/// What the whole job refuses, leaves and says.
@Suite struct AdaptCommandTests {
  @Test func `shows the optimizer and the curve of the learning rate before it begins`() throws {
    let folder = try TemporaryDirectory()
    let (model, _, corpus) = try makeSmallModel(in: folder)
    let file = try folder.write(
      "options.yaml",
      """
      optimizer: lion
      moments: 8bit
      lr: 0.001
      segment:
        - 20% linear 0 1
        - rest cosine 0.5
        - 30% exponential 0.05
      """)
    let options = [
      "adapt", "--model", model, "--corpus", corpus, "--paragraphs", "--no-replay", "--context",
      "16", "--batch-tokens", "32", "--output", folder.file("adapted"), "--init", "subword-mean",
      "--new-tokens", "8", "--steps", "10", "--config", file,
    ]
    let plan = try ToolRun(options + ["--dry-run", "--json"])
    #expect(plan.status == 0, "\(plan.messages)")
    let record = try JSONValue(parsing: plan.output)
    #expect(record["optimizer"]?["method"]?.string == "lion")
    #expect(record["optimizer"]?["moments"]?.string == "8bit")
    #expect(record["schedule"]?.string == "segments")
    let segments = try #require(record["learning_rate_segments"]?.array)
    #expect(segments.compactMap { $0["steps"]?.int } == [2, 5, 3])
    let count = try #require(record["parameters"]?.int)
    let size = try #require(record["optimizer_bytes"]?.int)
    #expect(size > count && size < count * 11 / 10)

    let run = try ToolRun(options)
    #expect(run.status == 0 || run.status == 1, "\(run.messages)")
    for line in [
      "optimizer: lion with moments in 8bit", "learning rate: steps 1 to 2: 0 to 0.001, linear",
      "learning rate: steps 3 to 7: 0.001 to 0.0005, cosine",
      "learning rate: steps 8 to 10: 0.0005 to 5e-05, exponential",
    ] {
      #expect(run.messages.contains(line + "\n"), "\(run.messages)")
    }
    let configuration = String(
      decoding: try folder.read("adapted/configuration.yaml"), as: UTF8.self)
    #expect(configuration.contains("segment:\n  - \"20% linear 0 1\"\n"), "\(configuration)")
    try ToolRun(options + ["--resume", "--optimizer", "muon"])
      .expectFailure(64, ["--optimizer lion", "--optimizer muon"])
    try ToolRun(options + ["--schedule", "wsd", "--segment", "rest constant 1"])
      .expectFailure(64, ["--schedule and --segment exclude each other"])
  }

  @Test func `shows what trains at which rate, and leaves the rest as it is`() throws {
    let folder = try TemporaryDirectory()
    let (model, _, corpus) = try makeSmallModel(in: folder)
    let options = [
      "adapt", "--model", model, "--corpus", corpus, "--paragraphs", "--no-replay", "--context",
      "16", "--batch-tokens", "32", "--output", folder.file("adapted"), "--init", "subword-mean",
      "--new-tokens", "8", "--steps", "10", "--freeze", "*.mlp.*", "--group",
      "*embed_tokens* rows=new rate=3 decay=0.25", "--stage", "20% name=rows body=0", "--stage",
      "rest layers=-2--1",
    ]
    let plan = try ToolRun(options + ["--dry-run", "--json"])
    #expect(plan.status == 0, "\(plan.messages)")
    let record = try JSONValue(parsing: plan.output)
    let stages = try #require(record["stages"]?.array)
    #expect(stages.compactMap { $0["name"]?.string } == ["rows", "training, stage 2"])
    #expect(stages.compactMap { $0["first_step"]?.int } == [0, 2])
    func lines(_ stage: Int, _ name: String) -> [JSONValue] {
      (stages[stage]["tensors"]?.array ?? []).filter {
        $0["tensors"]?.string?.contains(name) == true
      }
    }
    for stage in 0...1 {
      let rows = lines(stage, "embed_tokens")
      #expect(rows.compactMap { $0["rows"]?.string } == ["0-263", "264-271"])
      #expect(rows.compactMap { $0["rate"]?.double } == [1, 3])
      #expect(rows.compactMap { $0["weight_decay"]?.double } == [0, 0.25])
      #expect(lines(stage, ".mlp.").allSatisfy { $0["rate"]?.double == 0 })
    }
    let queries = lines(1, "q_proj")
    #expect(queries.compactMap { $0["layers"]?.string } == ["0-1", "2-3"])
    #expect(queries.compactMap { $0["rate"]?.double } == [0, 1])
    #expect(lines(0, "q_proj").compactMap { $0["layers"]?.string } == ["0-3"])

    let shown = try ToolRun(options + ["--dry-run"])
    #expect(shown.text.contains("stage \"rows\": steps 1 to 2\n"), "\(shown.text)")
    #expect(shown.text.contains("model.layers.*.mlp.up_proj.weight"))
    #expect(shown.text.contains("frozen") && shown.text.contains("x 3"))

    try ToolRun(options + ["--freeze", "lm_head*", "--dry-run"]).expectFailure(
      64, ["no tensor", "lm_head*"])
    try ToolRun(options + ["--layers", "4", "--dry-run"]).expectFailure(
      64, ["layers 4", "from 0 to 3"])
    try ToolRun(options + ["--stage", "11", "--dry-run"]).expectFailure(
      64, ["the stages take", "the run has 10"])
    // A run finds them before it learns rows and makes its folder.
    for (wrong, words) in [
      ("--freeze", "no tensor"), ("--layers", "layers"), ("--stage", "stages take"),
    ] {
      let value = ["--freeze": "lm_head*", "--layers": "4", "--stage": "11"][wrong] ?? ""
      try ToolRun(options + [wrong, value]).expectFailure(64, [words])
      #expect(!Path.exists(folder.file("adapted")))
    }
  }

  @Test func `leaves its options, and goes on with the same ones only`() throws {
    let folder = try TemporaryDirectory()
    let (model, _, corpus) = try makeSmallModel(in: folder)
    let output = folder.file("adapted")
    let options = [
      "adapt", "--model", model, "--corpus", corpus, "--paragraphs", "--no-replay", "--context",
      "16", "--batch-tokens", "32", "--quiet", "--output", output, "--init", "subword-mean",
    ]
    let run = try ToolRun(options + ["--new-tokens", "8", "--steps", "2", "--json"])
    #expect(run.status == 0, "\(run.messages)")
    let seconds = try #require(try JSONValue(parsing: run.output)["seconds"]?.double)
    let configuration = String(
      decoding: try folder.read("adapted/configuration.yaml"), as: UTF8.self)
    for line in ["new-tokens: 8", "steps: 2", "init: \"subword-mean\"", "no-replay: true"] {
      #expect(configuration.contains(line + "\n"), "\(configuration)")
    }

    for (arguments, words) in [
      (["--new-tokens", "9", "--steps", "2"], ["--new-tokens 8", "--new-tokens 9"]),
      (["--new-tokens", "8", "--steps", "3"], ["--steps 2", "--steps 3"]),
      (["--new-tokens", "8", "--steps", "2", "--init", "mean"], ["--init subword-mean"]),
      (["--new-tokens", "8", "--minutes", "1"], ["--steps 2", "without --steps"]),
      (["--new-tokens", "8", "--steps", "2", "--name", "x"], ["without --name", "--name x"]),
    ] {
      try ToolRun(options + arguments + ["--resume"]).expectFailure(64, words)
    }

    // The time of earlier calls counts, and a call that finds all steps done adds nothing.
    var record = try JSONValue(parsing: try folder.read("adapted/run.json"))
    record["seconds"] = 1_000
    try folder.write("adapted/run.json", record.serialized(pretty: true))
    removeTree(folder.file("adapted/report.json"))
    let unfinished = try ToolRun(["generate", "--model", output, "--tokens", "1"])
    #expect(unfinished.status == 0 && unfinished.messages.contains("has not ended"))
    func resume() throws -> Double {
      let resumed = try ToolRun(
        options + ["--new-tokens", "8", "--steps", "2", "--seed", "0", "--json", "--resume"])
      #expect(resumed.status == 0, "\(resumed.messages)")
      return try #require(try JSONValue(parsing: resumed.output)["seconds"]?.double)
    }
    #expect(try resume() == 1_000 && seconds < 1_000)
    removeTree(folder.file("adapted/state"))
    #expect(try resume() > 1_000)
    let finished = try ToolRun(["generate", "--model", output, "--tokens", "1"])
    #expect(finished.status == 0 && !finished.messages.contains("has not ended"))

    let report = try ToolRun(["report", "--json", output])
    #expect(try JSONValue(parsing: report.output)["runs"]?.array?.count == 1)

    // Other text under the same name gives other tokens than those in the folder.
    try folder.write("corpus.txt", (1...30).map { "abc\($0)" }.joined(separator: "\n\n"))
    try ToolRun(options + ["--new-tokens", "8", "--steps", "2", "--resume"])
      .expectFailure(65, [])
  }

  @Test func `goes on after it was killed before it had a plan or a state`() throws {
    let folder = try TemporaryDirectory()
    let (model, _, corpus) = try makeSmallModel(in: folder)
    let output = folder.file("adapted")
    // So many steps that nothing ends before the signals come.
    let call = """
      "$tessera" adapt --model '\(model)' --corpus '\(corpus)' --paragraphs --no-replay \
      --new-tokens 8 --steps 1000000 --context 16 --batch-tokens 32 --quiet --output '\(output)'
      """
    func waiting(for name: String) -> String {
      "while ! [ -e '\(output)/\(name)' ]; do kill -0 $! || exit 9; sleep 0.02; done"
    }
    let run = try ToolRun(
      shell: """
        \(call) &
        \(waiting(for: "run.json"))
        kill -KILL $!; wait $!
        \(call); echo $?
        \(call) --resume &
        \(waiting(for: "metrics.jsonl"))
        kill -TERM $!; wait $!; echo $?
        """)
    #expect(run.text == "73\n143\n", "\(run.messages)")
    #expect(run.messages.contains("--resume to go on, or --force"))
    let record = try JSONValue(parsing: folder.read("adapted/run.json"))
    #expect(record["steps"]?.int == 1_000_000)
    let states = try folder.listing().filter {
      $0.hasPrefix("adapted/") && $0.hasSuffix("/state.json")
    }
    #expect(states.count == 1)
    #expect(try JSONValue(parsing: folder.read(states[0]))["seconds"]?.double ?? 0 > 0)
  }

  @Test func `the card of the base is not that of the adapted model`() throws {
    let folder = try TemporaryDirectory()
    let (model, _, corpus) = try makeSmallModel(in: folder)
    func adapt(_ model: String, _ output: String) throws -> (card: String, base: String?) {
      try ToolRun([
        "adapt", "--model", model, "--corpus", corpus, "--paragraphs", "--no-replay",
        "--new-tokens", "4", "--steps", "1", "--context", "16", "--batch-tokens", "32", "--quiet",
        "--output", folder.file(output),
      ]).expectSuccess()
      func text(_ name: String) throws -> String {
        String(decoding: try folder.read("\(output)/\(name)"), as: UTF8.self)
      }
      let hasBase = Path.exists(folder.file("\(output)/BASE_README.md"))
      return (try text("README.md"), hasBase ? try text("BASE_README.md") : nil)
    }
    let first = try adapt(model, "first")
    #expect(first.card.contains("# model, adapted to corpus") && first.base == nil)
    #expect(!first.card.contains("BASE_README.md"))
    try folder.write("model/README.md", "license: ours")
    let second = try adapt(model, "second")
    #expect(second.card.hasPrefix("---\nlibrary_name") && second.base == "license: ours")
    #expect(second.card.contains("[BASE_README.md](BASE_README.md)"))
    let third = try adapt(folder.file("second"), "third")
    #expect(third.card.contains("# second, adapted") && third.base == second.card)
    // The license of the first of the three still counts.
    #expect(try folder.read("third/BASE_BASE_README.md") == Array("license: ours".utf8))
    #expect(third.card.contains("are [BASE_BASE_README.md](BASE_BASE_README.md)."))
  }

  @Test func `says that more was forgotten than allowed, and fails`() throws {
    let folder = try TemporaryDirectory()
    let model = fixturePath("../../models/base-en")
    let text = try readFile(
      fixturePath("../../corpora-samples/en/daily-life.txt"), limit: 1 << 20)
    let corpus = try folder.write("corpus.txt", Array(text.prefix(3_000)))
    let run = try ToolRun([
      "adapt", "--model", model, "--corpus", corpus, "--replay", corpus, "--paragraphs",
      "--new-tokens", "40", "--steps", "1", "--lr", "1e-6", "--max-forget", "0", "--context", "32",
      "--batch-tokens", "32", "--quiet", "--json", "--output", folder.file("out"),
    ])
    #expect(run.status == 1)
    #expect(run.messages.contains("--max-forget") && run.messages.hasSuffix("\n"))
    #expect(try JSONValue(parsing: run.output)["keeps_limit"] == false)
    #expect(Path.exists(folder.file("out/report.json")))
  }

  @Test func `a dry run says what it will take, and finds an output that exists`() throws {
    let folder = try TemporaryDirectory()
    let (model, _, corpus) = try makeSmallModel(in: folder)
    let options = [
      "adapt", "--model", model, "--corpus", corpus, "--paragraphs", "--no-replay", "--new-tokens",
      "5", "--context", "16", "--batch-tokens", "32", "--dry-run",
    ]
    let run = try ToolRun(options + ["--minutes", "1", "--output", folder.file("new")])
    #expect(run.status == 0, "\(run.messages)")
    #expect(run.text.contains("memory: ") && run.text.contains("tokens/s, about"))
    #expect(!Path.exists(folder.file("new")))
    try ToolRun(options + ["--steps", "1", "--output", model]).expectFailure(73, [model])
  }
}
