import TesseraBasics
import TesseraCheckpoints
import TesseraTestSupport
import Testing

/// Rows that are learned with the model, from the command line.
@Suite struct LearnedRowsTests {
  @Test func `extend, adapt and compare learn rows`() throws {
    let folder = try TemporaryDirectory()
    let (model, _, corpus) = try makeSmallModel(in: folder)
    let text = ["--model", model, "--corpus", corpus, "--paragraphs", "--new-tokens", "8"]
    for method in ["distill", "contextual", "reprogram"] {
      let output = folder.file(method)
      let extended = try ToolRun(
        ["extend", "--init", method, "--learn-tokens", "500", "--quiet", "--output", output] + text)
      #expect(extended.status == 0, "\(extended.messages)")
      let record = try JSONValue(parsing: folder.read("\(method)/extension.json"))
      let settings = record["initialization"]?["input"]?["settings"]
      #expect(settings?["tokens"]?.int == 500)
      #expect(record["initialization"]?["input"]?["method"]?.string == method)
      let again = try ToolRun([
        "extend", "--model", model, "--delta", Path.join(output, "extension.json"), "--output",
        folder.file("again"), "--force", "--quiet",
      ])
      #expect(again.status == 0, "\(again.messages)")
      for file in ["model.safetensors", "extension.json"] {
        #expect(try folder.read("\(method)/\(file)") == folder.read("again/\(file)"))
      }
    }
    let adapted = try ToolRun(
      [
        "adapt", "--init", "distill", "--learn-tokens", "300", "--no-replay", "--steps", "2",
        "--context", "16", "--batch-tokens", "32", "--quiet", "--output", folder.file("adapted"),
      ] + text)
    #expect(adapted.status == 0, "\(adapted.messages)")
    let compared = try ToolRun(
      [
        "compare", "--init", "contextual,reprogram", "--learn-tokens", "300", "--no-replay",
        "--context", "16", "--batch-tokens", "32", "--steps", "2", "--at", "1", "--seeds", "2",
        "--quiet", "--json", "--output", folder.file("compared"),
      ] + text)
    #expect(compared.status == 0, "\(compared.messages)")
    let runs = try JSONValue(parsing: compared.output)["runs"]?.array
    #expect(runs?.count == 4)
  }

  /// Nobody has to know a method to get the best one, and it is told which one it is.
  @Test func `rows are learned unless that cannot be`() throws {
    let folder = try TemporaryDirectory()
    let (model, _, corpus) = try makeSmallModel(in: folder)
    let call = [
      "extend", "--model", model, "--corpus", corpus, "--new-tokens", "8", "--paragraphs",
    ]
    func extended(
      _ name: String, _ options: [String] = []
    ) throws -> (method: String?, messages: String) {
      let run = try ToolRun(call + ["--output", folder.file(name)] + options)
      #expect(run.status == 0, "\(run.messages)")
      let record = try JSONValue(parsing: folder.read("\(name)/extension.json"))
      return (record["initialization"]?["input"]?["method"]?.string, run.messages)
    }
    let learned = try extended("learned", ["--learn-tokens", "300"])
    #expect(learned.method == "distill")
    #expect(learned.messages.contains("new rows by distill; --init subword-mean needs no time"))
    let asked = try extended("asked", ["--init", "mean"])
    #expect(asked.method == "mean" && !asked.messages.contains("new rows by"))

    var configuration = try JSONValue(parsing: folder.read("model/config.json"))
    configuration["hidden_act"] = "relu"
    try folder.write("model/config.json", configuration.serialized(pretty: true))
    let other = try extended("other")
    #expect(other.method == "subword-mean")
    #expect(other.messages.contains("new rows by subword-mean, as the model cannot be run: "))
    try ToolRun(call + ["--output", folder.file("refused"), "--learn-tokens", "300"])
      .expectFailure(64, ["--learn-tokens", "distill"])
  }

  @Test func `what cannot be learned is refused before anything begins`() throws {
    let folder = try TemporaryDirectory()
    let (model, _, corpus) = try makeSmallModel(in: folder)
    let call = [
      "extend", "--model", model, "--corpus", corpus, "--new-tokens", "8", "--output",
      folder.file("extended"),
    ]
    try ToolRun(call + ["--init", "corrected-first"]).expectFailure(65, ["corrected-first"])
    try ToolRun(call + ["--init", "distill", "--learn-depth", "99"])
      .expectFailure(64, ["99", "layers"])
    try ToolRun(call + ["--init", "mean", "--learn-tokens", "5"])
      .expectFailure(64, ["--learn-tokens", "distill"])
    try ToolRun(call + ["--init", "contextual", "--candidates", "5"])
      .expectFailure(64, ["--candidates", "reprogram"])
    try ToolRun(call + ["--init", "distill", "--learn-rate", "0"])
      .expectFailure(64, ["--learn-rate"])
    let path = "model/config.json"
    let configuration = String(decoding: try folder.read(path), as: UTF8.self)
    try folder.write(path, configuration.replacing("\"llama\"", with: "\"olmo\""))
    try ToolRun(call + ["--init", "distill"])
      .expectFailure(65, ["config.json", "model_type", "llama"])
    #expect(try !folder.listing().contains { $0.hasPrefix("extended") })
  }
}
