import TesseraBasics
import TesseraCheckpoints
import TesseraTestSupport
import Testing

@Suite struct MergeCommandTests {
  private let base = fixturePath("../../models/base-en")

  /// Writes the base with other numbers: of each 16-bit word, bits of the fraction change.
  private func perturbedBase(in folder: borrowing TemporaryDirectory) throws -> String {
    for name in [
      "config.json", "tokenizer.json", "tokenizer_config.json", "generation_config.json",
    ] {
      try folder.write("other/\(name)", readFile(base + "/" + name, limit: 1 << 24))
    }
    var bytes = try readFile(base + "/model.safetensors", limit: 1 << 30)
    let start = try SafetensorsFile(path: base + "/model.safetensors").header.dataOffset
    for i in stride(from: start, to: bytes.count, by: 2) { bytes[i] ^= UInt8(i >> 1 & 0x5F) }
    return Path.directory(of: try folder.write("other/model.safetensors", bytes))
  }

  @Test func `gives the same for any number of threads, and a record`() throws {
    let folder = try TemporaryDirectory()
    let other = try perturbedBase(in: folder)
    let arguments = ["merge", "--model", base, "--with", other, "--quiet"]
    for rule in [
      ["--weight", "1", "--weight", "3"], ["--method", "slerp", "--alpha", "0.3"],
      ["--method", "task-arithmetic", "--base", base, "--scale", "-0.5"],
    ] {
      let outputs = [folder.file("a"), folder.file("b")]
      for (threads, output) in zip(["1", "5"], outputs) {
        try ToolRun(
          arguments + rule + ["--threads", threads, "--output", output, "--force"]
        ).expectSuccess()
      }
      for name in ["model.safetensors", "merge.json", "config.json", "configuration.yaml"] {
        #expect(try folder.read("a/\(name)") == folder.read("b/\(name)"), "\(name)")
      }
    }
    let record = try JSONValue(parsing: folder.read("a/merge.json"))
    #expect(record["method"] == "task-arithmetic" && record["scales"] == [-0.5])
    #expect(record["models"]?.array?.map { $0["role"] } == ["model", "with", "base"])
    // What the record's folder says, does the same again.
    let again = folder.file("again")
    try ToolRun([
      "merge", "--config", folder.file("a/configuration.yaml"), "--output", again, "--quiet",
    ]).expectSuccess()
    #expect(try folder.read("again/model.safetensors") == folder.read("a/model.safetensors"))
  }

  @Test func `a merged model is one that every verb takes`() throws {
    let folder = try TemporaryDirectory()
    let other = try perturbedBase(in: folder)
    let output = folder.file("out")
    let run = try ToolRun([
      "merge", "--model", base, "--with", other, "--layers", "0:0.5,*:0", "--alpha", "0.5",
      "--dtype", "f32", "--restore-tokens", "special", "--output", output, "--json",
    ])
    run.expectSuccess()
    let result = try JSONValue(parsing: run.output)
    #expect(result["output"]?.string == output && result["restored_rows"] == 1)
    #expect(result["rows_missing"] == [0] && result["differing_keys"] == [])
    try ToolRun(["inspect", output, "--json"]).expectSuccess()
    try ToolRun(["generate", "--model", output, "--prompt", "One", "--tokens", "2", "--quiet"])
      .expectSuccess()
    let configuration = try JSONValue(parsing: folder.read("out/config.json"))
    #expect(configuration["torch_dtype"] == "float32")
    // Tessera wrote it, so it may be replaced, but not by itself.
    let again = ["merge", "--with", other, "--output", output, "--quiet"]
    try ToolRun(again + ["--model", base]).expectFailure(73, ["exists"])
    try ToolRun(again + ["--model", output, "--force"]).expectFailure(73, ["input"])
    try ToolRun(again + ["--model", base, "--force"]).expectSuccess()
  }

  @Test func `a dry run says what would be merged, and writes nothing`() throws {
    let folder = try TemporaryDirectory()
    let run = try ToolRun([
      "merge", "--model", base, "--with", base, base, "--dry-run", "--output", folder.file("out"),
    ])
    run.expectSuccess()
    #expect(run.messages.contains("would merge by linear: 56 tensors"), "\(run.messages)")
    #expect(run.output.isEmpty && !Path.exists(folder.file("out")))
  }

  @Test(arguments: [
    ("--with b", "--output, or --dry-run"), ("--dry-run", "missing expected argument"),
    ("--with b c --alpha 0.5 --dry-run", "needs one --with, not 2"),
    ("--with b c --method slerp --dry-run", "needs one --with, not 2"),
    ("--with b c --restore-tokens special --dry-run", "needs one --with, not 2"),
    ("--with b --weight 1 --dry-run", "each of 2 models"),
    ("--with b --weight 0 --weight 0 --dry-run", "above 0"),
    ("--with b --weight 1 --weight -1 --dry-run", "between 0 and"),
    ("--with b --weight 1 --weight nan --dry-run", "between 0 and"),
    ("--with b --alpha 1.5 --dry-run", "between 0 and 1"),
    ("--with b --alpha 0.5 --weight 1 --weight 1 --dry-run", "--weight excludes"),
    ("--with b --method task-arithmetic --dry-run", "needs --base"),
    ("--with b --base c --dry-run", "--base exclude each other"),
    ("--with b --method slerp --scale 1 --dry-run", "--scale exclude each other"),
    ("--with b --method task-arithmetic --base c --scale 1 --scale 2 --dry-run", "each of 1"),
    ("--with b --layers 0:2 --dry-run", "LAYER:SHARE"),
    ("--with b --layer-prefix x --dry-run", "needs --layers"),
    ("--with b --dtype f64 --dry-run", "'bf16'"),
    ("--with b --method ties --dry-run", "task-arithmetic"),
  ])
  func `options that do not fit are refused`(line: String, words: String) throws {
    try ToolRun(["merge", "--model", "a"] + line.split(separator: " ").map(String.init))
      .expectFailure(64, [words])
  }

  @Test func `models that do not fit are refused, and nothing is left`() throws {
    let folder = try TemporaryDirectory()
    let (small, _, _) = try makeSmallModel(in: folder)
    let output = folder.file("out")
    let arguments = ["merge", "--model", base, "--output", output, "--quiet", "--with"]
    try ToolRun(arguments + [small]).expectFailure(65, ["token", small])
    try ToolRun(arguments + [folder.file("none")]).expectFailure(66, ["none"])
    try ToolRun(arguments + [base, "--layers", "9:0.5"]).expectFailure(64, ["no layer 9"])
    try folder.write("broken/config.json", readFile(base + "/config.json", limit: 1 << 20))
    try folder.write("broken/model.safetensors", [200, 0, 0, 0, 0, 0, 0, 0, 1])
    try ToolRun(arguments + [folder.file("broken")]).expectFailure(65, ["broken/model.safetensors"])
    #expect(!Path.exists(output))
  }
}
