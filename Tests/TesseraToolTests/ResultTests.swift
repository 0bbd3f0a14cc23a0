import TesseraBasics
import TesseraTestSupport
import Testing

/// Standard output as a contract: with `--json` one object and nothing else.
@Suite struct ResultTests {
  private let tokenizer = fixturePath("tokenizers/gpt2.json")
  private let base = fixturePath("../../models/base-en")

  @Test func `decode gives the texts of its documents`() throws {
    let folder = try TemporaryDirectory()
    let text = try folder.write("text.txt", "one fish\nनदी\n")
    let options = ["--tokenizer", tokenizer]
    let ids = try ToolRun(["encode", "--lines", text] + options)
    let decoded = try ToolRun(["decode", "--json"] + options, input: ids.output)
    #expect(decoded.status == 0, "\(decoded.messages)")
    #expect(decoded.text == "{\"documents\":[{\"text\":\"one fish\"},{\"text\":\"नदी\"}]}\n")
    let object = try ToolRun(["encode", "--json", text] + options)
    let again = try ToolRun(["decode", "--format", "json"] + options, input: object.output)
    #expect(again.text == "one fish\nनदी\n")
  }

  @Test func `decode and logits read compressed files and standard input`() throws {
    let folder = try TemporaryDirectory()
    let text = try folder.write("text.txt", "one fish two fish")
    let packed = folder.file("text.txt.gz")
    let options = "--tokenizer \(tokenizer)"
    let decoded = try ToolRun(
      shell: """
        gzip -c \(text) >\(packed)
        $tessera encode \(options) \(packed) | gzip -c >\(folder.path)/ids.gz
        $tessera decode \(options) \(folder.path)/ids.gz
        """)
    #expect(decoded.text == "one fish two fish", "\(decoded.messages)")
    let logits = "$tessera logits --quiet --model \(base) --output"
    let same = try ToolRun(
      shell: """
        \(logits) \(folder.path)/a.npy \(packed) && \(logits) - - <\(text) >\(folder.path)/b.npy
        """)
    #expect(same.status == 0, "\(same.messages)")
    #expect(try folder.read("a.npy") == folder.read("b.npy"))
  }

  @Test func `extend keeps people's text off standard output`() throws {
    let folder = try TemporaryDirectory()
    let arguments = [
      "extend", "--model", base, "--corpus", fixturePath("../../corpora-samples/sw"),
      "--new-tokens", "5", "--json",
    ]
    for options in [["--dry-run"], ["--output", folder.file("out")]] {
      let run = try ToolRun(arguments + options)
      #expect(run.status == 0, "\(run.messages)")
      #expect(try JSONValue(parsing: run.output)["new_token_count"] == 5)
    }
    #expect(Path.exists(folder.file("out/configuration.yaml")))
  }

  @Test(arguments: [("mean", 1), ("mean", 512), ("eeve", 1), ("univariate", 1)])
  func `extend measures what new tokens take from old text`(
    method: String, multiple: Int
  ) throws {
    let folder = try TemporaryDirectory()
    let output = folder.file("out")
    let run = try ToolRun([
      "extend", "--model", base, "--corpus", fixturePath("../../corpora-samples/hi"),
      "--paragraphs", "--new-tokens", "100", "--init", method, "--json", "--output", output,
      "--certify", fixturePath("../../corpora-samples/en"), "--pad-to-multiple", "\(multiple)",
    ])
    #expect(run.status == 0, "\(run.messages)")
    let record = try JSONValue(parsing: folder.read("out/certificate.json"))
    let figures = try #require(record["old_text"])
    #expect(try JSONValue(parsing: run.output)["certificate"]?["mean_mass"] == figures["mean_mass"])
    let mass = try #require(figures["mean_mass"]?.double)
    let positions = try #require(figures["positions"]?.int)
    #expect(mass > 0 && mass < 1 && positions > 1_000)
    let isConvex = method != "univariate"
    #expect(record["recipes"]?["convex"] == .bool(isConvex))
    #expect((record["hull"] == nil) == isConvex)
    guard isConvex else {
      #expect(figures["mean_mass_bound"] == nil)
      let hull = try #require(record["hull"])
      #expect(hull["sampled_rows"] == 32)
      let lower = try #require(hull["mean_relative_distance_lower_bound"]?.double)
      let upper = try #require(hull["mean_relative_distance_upper_bound"]?.double)
      #expect(0 < lower && lower <= upper && upper < 1.5)
      #expect(try JSONValue(parsing: run.output)["certificate"]?["hull"] == hull)
      return
    }
    #expect(figures["bound_violations"] == 0)
    let bound = try #require(figures["mean_mass_bound"]?.double)
    #expect(mass <= bound)
    // All weights of the mean are equal, so R is at most the number of new rows by that of old ones.
    if method == "mean" {
      let ratio = Double((100 + multiple - 1) / multiple * multiple) / 8_192
      #expect(abs(bound - ratio / (1 + ratio)) < 1e-9)
    }
  }
}
