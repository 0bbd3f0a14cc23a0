import TesseraBasics
import TesseraTestSupport
import Testing

@testable import tessera

/// `tessera count`, `merge-counts`, and `train` with what they make, or under a bound.
@Suite struct CountCommandTests {
  private static let texts = [
    "one fish two fish red fish blue fish <s> fished fishes\n", "fish and chips, un poisson\n",
    "the fisher fishes for fish\n",
  ]

  private static func corpus(_ folder: borrowing TemporaryDirectory) throws -> [String] {
    try texts.enumerated().map { try folder.write("corpus-\($0).txt", $1) }
  }

  private static func run(_ arguments: [String]) throws -> ToolRun {
    let run = try ToolRun(arguments + ["--quiet"])
    #expect(run.status == 0, "\(run.messages)")
    return run
  }

  @Test func `parts of a corpus add up to the whole`() throws {
    let folder = try TemporaryDirectory()
    let corpus = try Self.corpus(folder)
    _ = try Self.run(
      ["train"] + corpus
        + ["--vocab-size", "270", "--special", "<s>", "--output", folder.file("whole")])
    var parts: [String] = []
    for (index, path) in corpus.enumerated() {
      parts.append(folder.file("\(index).counts"))
      _ = try Self.run(["count", path, "--special", "<s>", "--output", parts[index]])
    }
    _ = try Self.run(["merge-counts"] + parts.reversed() + ["--output", folder.file("sum.counts")])
    let whole = try Self.run(
      ["count"] + corpus + ["--special", "<s>", "--json", "--output", folder.file("whole.counts")])
    let result = try JSONValue(parsing: whole.output)
    #expect(result["documents"]?.int == 3)
    #expect(result["corpus_bytes"]?.int == Self.texts.reduce(0) { $0 + $1.utf8.count })
    // Equal but for the header, which names one corpus in the one and three in the other.
    #expect(
      try folder.read("sum.counts").suffix(56).prefix(24)
        == folder.read("whole.counts").suffix(56).prefix(24))

    for counts in [parts, [folder.file("sum.counts")], [folder.file("whole.counts")]] {
      _ = try Self.run(
        ["train", "--counts"] + counts
          + ["--vocab-size", "270", "--force", "--output", folder.file("out")])
      #expect(try folder.read("out/tokenizer.json") == folder.read("whole/tokenizer.json"))
    }
    _ = try Self.run([
      "train", "--config", folder.file("out/configuration.yaml"), "--output", folder.file("again"),
    ])
    #expect(try folder.read("again/training.json") == folder.read("out/training.json"))
    let record = try JSONValue(parsing: folder.read("out/training.json"))
    #expect(record["options"]?["special"]?.array?.compactMap(\.string) == ["<s>"])
    #expect(record["corpora"]?.array?.count == 1)
  }

  @Test func `refuses counts of another kind, damaged ones, and what is in the way`() throws {
    let folder = try TemporaryDirectory()
    let corpus = try Self.corpus(folder)
    let counts = folder.file("a.counts")
    _ = try Self.run(["count", corpus[0], "--output", counts])
    try ToolRun(["count", corpus[0], "--output", counts]).expectFailure(73, ["a.counts"])
    try ToolRun(["count", corpus[0], "--force", "--output", corpus[0]])
      .expectFailure(73, ["corpus-0.txt"])
    let train = ["train", "--vocab-size", "260", "--output", folder.file("out"), "--counts"]
    try ToolRun(train + [counts, "--pattern", "gpt2"]).expectFailure(65, ["o200k", "gpt2"])
    try ToolRun(train + [counts, "--special", "<s>"]).expectFailure(65, ["special tokens"])
    try ToolRun(train + [corpus[0]]).expectFailure(65, ["corpus-0.txt is not a file of counts"])
    try ToolRun(train + [folder.file("none")]).expectFailure(66, ["none"])
    var damaged = try folder.read("a.counts")
    damaged[damaged.count - 60] ^= 0xFF
    let path = try folder.write("damaged.counts", damaged)
    try ToolRun(train + [path]).expectFailure(65, ["damaged.counts is damaged"])
    try ToolRun(["train", corpus[0], "--vocab-size", "260", "--output", "x", "--counts", counts])
      .expectFailure(64, ["exclude"])
    try ToolRun(["train", "--vocab-size", "260", "--output", "x"]).expectFailure(64, ["--counts"])
    let files = try folder.listing()
    #expect(
      files.sorted() == [
        "a.counts", "corpus-0.txt", "corpus-1.txt", "corpus-2.txt", "damaged.counts",
      ])
  }

  @Test func `a bound of memory changes nothing but where things are`() throws {
    let folder = try TemporaryDirectory()
    let corpus = try Self.corpus(folder)
    for memory in [[], ["--memory", "52M"], ["--memory", "0.5GiB"]] {
      _ = try Self.run(
        ["train"] + corpus
          + ["--vocab-size", "280", "--force", "--output", folder.file("\(memory.count)")] + memory)
    }
    #expect(try folder.read("0/tokenizer.json") == folder.read("2/tokenizer.json"))
    #expect(try folder.read("0/training.json") == folder.read("2/training.json"))
    try ToolRun(["train"] + corpus + ["--vocab-size", "280", "--memory", "8M", "--output", "x"])
      .expectFailure(75, ["8M is too small, 52M is the least that counting works with"])
    try ToolRun(
      ["train"] + corpus + ["--vocab-size", "280", "--memory", "9000001", "--output", "x"]
    ).expectFailure(75, ["9000001 is too small, 52M"])
    try ToolRun(["train"] + corpus + ["--vocab-size", "280", "--memory", "lots", "--output", "x"])
      .expectFailure(64, ["lots"])
  }

  @Test func `more files than may be open are added up`() throws {
    let folder = try TemporaryDirectory()
    let corpus = try Self.corpus(folder)
    _ = try Self.run(["count", corpus[0], "--output", folder.file("a.counts")])
    let files = String(repeating: " '\(folder.file("a.counts"))'", count: 150)
    for line in [
      "merge-counts\(files) --output '\(folder.file("sum.counts"))'",
      "train --counts\(files) --vocab-size 262 --output '\(folder.file("out"))'",
    ] {
      try ToolRun(shell: "ulimit -n 90; $tessera \(line) --quiet").expectSuccess()
    }
    let record = try JSONValue(parsing: folder.read("out/training.json"))
    #expect(record["merge_counts"]?.array?.first?.int == 150 * 6)
    #expect(
      try folder.listing().filter { !$0.hasPrefix("out/") && !$0.hasPrefix("corpus") }
        == ["a.counts", "sum.counts"])
  }

  @Test(arguments: [
    ("1", 1), ("256M", 256 << 20), ("2g", 2 << 30), ("1.5GiB", 3 << 29), ("64KB", 64 << 10),
    ("1T", 1 << 40), ("", nil), ("M", nil), ("-1", nil), ("0", nil), ("1X", nil), ("1e9", nil),
    ("99999999T", nil), ("1MM", nil), ("1.2.3M", nil),
  ])
  func `sizes are read as people write them`(text: String, bytes: Int?) {
    #expect(MemorySize(argument: text)?.bytes == bytes)
  }
}
