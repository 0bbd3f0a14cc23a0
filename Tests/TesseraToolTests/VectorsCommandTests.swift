import TesseraBasics
import TesseraCheckpoints
import TesseraTestSupport
import Testing

@testable import tessera

@Suite struct VectorsCommandTests {
  private static let samples = fixturePath("../../corpora-samples")

  private func run(_ arguments: [String]) throws -> JSONValue {
    let run = try ToolRun(arguments + ["--quiet", "--json"])
    #expect(run.status == 0, "\(run.messages)")
    return try JSONValue(parsing: run.output)
  }

  private func vectors(_ language: String, _ path: String, _ more: [String] = []) throws
    -> JSONValue
  {
    try run(
      [
        "vectors", Self.samples + "/" + language, "--paragraphs", "--min-count", "2",
        "--dimension", "8", "--epochs", "2", "--output", path,
      ] + more)
  }

  @Test func `both formats hold the same vectors, for any number of threads`() throws {
    let folder = try TemporaryDirectory()
    let text = try vectors("hi", folder.file("a.vec"))
    #expect(text["dimension"]?.int == 8 && (text["words"]?.int ?? 0) > 100)
    _ = try vectors("hi", folder.file("b.vec"), ["--threads", "1"])
    #expect(try folder.read("a.vec") == folder.read("b.vec"))
    let binary = try vectors("hi", folder.file("a.bin"))
    #expect(binary["words"] == text["words"])
    try ToolRun(["vectors", Self.samples + "/hi", "--output", folder.file("a.bin")])
      .expectFailure(73, ["a.bin"])
  }

  @Test func `a model is extended with vectors that are given or learned`() throws {
    let folder = try TemporaryDirectory()
    let model = try makeSmallModel(in: folder).model
    _ = try vectors("hi", folder.file("hi.bin"))
    _ = try vectors("en", folder.file("en.vec"))
    let dictionary = try folder.write("d.txt", "river\tनदी\nand\tऔर\n")
    let corpus = [Self.samples + "/hi/daily-life.txt", "--paragraphs"]
    let english = Self.samples + "/en/nature-farming.txt"
    let given = ["--vectors", folder.file("hi.bin"), "--source-vectors", folder.file("en.vec")]
    let cases: [(String, [String])] = [
      ("wechsel", given + ["--dictionary", dictionary, "--neighbors", "3"]),
      ("wechsel", ["--source-corpus", english, "--vector-min-count", "2"]),
      ("ofa", given + ["--factorize", "4", "--factors", folder.file("f.safetensors")]),
      ("focus", ["--vectors", folder.file("hi.bin"), "--temperature", "0.3"]),
      ("focus", ["--source-corpus", english, "--vector-min-count", "2", "--vectorless", "pieces"]),
    ]
    for (index, entry) in cases.enumerated() {
      let output = folder.file("out\(index)")
      let result = try run(
        ["extend", "--model", model, "--corpus"] + corpus
          + ["--new-tokens", "30", "--init", entry.0, "--output", output] + entry.1)
      #expect(result["new_token_count"]?.int == 30)
      #expect(result["input"]?["method"]?.string == entry.0)
      let record = try JSONValue(parsing: folder.read("out\(index)/extension.json"))
      let settings = record["initialization"]?["input"]?["settings"]
      #expect(
        settings?["leaves_out_untrained"]?.bool
          == (entry.0 == "focus" ? false : nil))
    }
    // Coordinates times primitives are the rows of the new model, whose new rows are made of both.
    let file = try SafetensorsFile(path: folder.file("f.safetensors"))
    func matrix(_ name: String, in file: SafetensorsFile) throws -> TokenMatrix {
      try TokenMatrix(
        file: file, tensor: try #require(file.header.tensors.first { $0.name == name }))
    }
    let coordinates = try matrix("input.coordinates.weight", in: file)
    let primitives = try matrix("input.primitives.weight", in: file)
    let rows = try matrix(
      "model.embed_tokens.weight",
      in: SafetensorsFile(path: folder.file("out2/model.safetensors")))
    let (count, width) = (rows.rowCount, rows.width)
    #expect(coordinates.rowCount == count && coordinates.width == 4)
    #expect(primitives.rowCount == 4 && primitives.width == width)
    let (f, p) = (try coordinates.floats(in: 0..<count), try primitives.floats(in: 0..<4))
    let stored = try rows.floats(in: 0..<count)
    let oldCount = count - 30
    var (errors, norms) = ([0.0, 0.0], [0.0, 0.0])
    for row in 0..<count {
      for i in 0..<width {
        let product = (0..<4).reduce(0.0) {
          $0 + Double(f[row * 4 + $1]) * Double(p[$1 * width + i])
        }
        let value = Double(stored[row * width + i])
        errors[row < oldCount ? 0 : 1] += (product - value) * (product - value)
        norms[row < oldCount ? 0 : 1] += value * value
      }
    }
    // Four directions leave something of the old rows out. New rows are made of the four.
    #expect(errors[0] > 1e-2 * norms[0] && errors[0] < norms[0])
    #expect(errors[1] < 1e-4 * norms[1])
    // After one step of training all rows of the base are as they were drawn.
    try ToolRun(
      ["extend", "--model", model, "--corpus"] + corpus
        + [
          "--new-tokens", "30", "--init", "focus", "--vectors", folder.file("hi.bin"),
          "--leave-out-untrained", "--output", folder.file("none"),
        ]
    ).expectFailure(65, ["base's tokens"])
    let planned = try run(
      ["extend", "--model", model, "--corpus"] + corpus
        + ["--new-tokens", "30", "--init", "focus", "--dry-run"])
    #expect(planned["new_token_count"]?.int == 30)
  }

  @Test(arguments: [
    ("vectors c -o a.txt", "end in .vec or .bin"),
    ("vectors c -o a.vec --dimension 0", "at least 1, not 0"),
    ("vectors c -o a.vec --lr 0", "above 0"),
    ("vectors c -o a.vec --min-gram 4 --max-gram 3", "at most 3, not 4"),
    ("extend --model m --corpus c --new-tokens 5 -o t --vectors v", "--vectors is for"),
    ("extend --model m --corpus c --new-tokens 5 -o t --init ofa", "--source-corpus"),
    ("extend --model m --corpus c --new-tokens 5 -o t --init focus --neighbors 3", "wechsel, ofa"),
    ("extend --model m --corpus c --new-tokens 5 -o t --init wechsel --source-vectors v", "space"),
    (
      "extend --model m --corpus c --new-tokens 5 -o t --init wechsel --vectors v --dictionary d",
      "--dictionary needs"
    ),
    (
      "extend --model m --corpus c --new-tokens 5 -o t --init ofa --vectors v --factors f",
      "factorize"
    ),
    (
      "extend --model m --corpus c --new-tokens 5 -o t --init wechsel --vectors v --temperature 0",
      "--temperature"
    ),
    ("adapt --model m --corpus c --no-replay --init focus --neighbors 3 -o a", "wechsel, ofa"),
  ])
  func `options that cannot be followed are refused`(line: String, words: String) throws {
    try ToolRun(line.split(separator: " ").map(String.init)).expectFailure(64, [words])
  }

  @Test func `vectors that cannot be had leave no file`() throws {
    let folder = try TemporaryDirectory()
    let start = [
      "vectors", Self.samples + "/hi", "--paragraphs", "--min-count", "2", "--output",
      folder.file("v.vec"),
    ]
    try ToolRun(start + ["--dimension", "8", "--epochs", "20", "--lr", "10"])
      .expectFailure(64, ["10.0", "--lr"])
    try ToolRun(start + ["--dimension", "10000", "--buckets", "1073741824"])
      .expectFailure(75, ["--buckets"])
    #expect(try folder.listing().isEmpty)
  }

  @Test func `files that are missing or wrong have their status`() throws {
    let folder = try TemporaryDirectory()
    let (model, _, corpus) = try makeSmallModel(in: folder)
    let start = [
      "extend", "--model", model, "--corpus", corpus, "--new-tokens", "5", "--init", "wechsel",
      "--output", folder.file("o"),
    ]
    try ToolRun(start + ["--vectors", folder.file("none.vec")]).expectFailure(66, ["none.vec"])
    let wrong = try folder.write("wrong.vec", "1 2\na 1\n")
    try ToolRun(start + ["--vectors", wrong]).expectFailure(65, ["line 2"])
    let text = try folder.write("empty.txt", "")
    try ToolRun(["vectors", text, "--output", folder.file("v.vec")])
      .expectFailure(65, ["5 times or more"])
  }
}
