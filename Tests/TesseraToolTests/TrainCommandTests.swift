import TesseraBasics
import TesseraTestSupport
import Testing

/// What `tessera train` leaves and prints.
@Suite struct TrainCommandTests {
  private static let text = "one fish two fish red fish blue fish <s> fished fishes\n"

  @Test func `leaves the files of each size, and says what was made`() throws {
    let folder = try TemporaryDirectory()
    let corpus = try folder.write("corpus.txt", Self.text)
    let run = try ToolRun([
      "train", corpus, "--vocab-size", "262", "--also-size", "259", "--special", "<s>", "--json",
      "--quiet", "--output", folder.file("out"),
    ])
    #expect(run.status == 0, "\(run.messages)")
    #expect(run.messages.isEmpty)
    let result = try JSONValue(parsing: run.output)
    #expect(result["vocabulary_size"]?.int == 262)
    #expect(result["merges"]?.int == 5)
    #expect(result["documents"]?.int == 1)
    #expect(result["corpus_bytes"]?.int == Self.text.utf8.count)

    let names = [
      "tokenizer.json", "tokenizer.tiktoken", "tokenizer_config.json", "training.json",
    ]
    #expect(
      try folder.listing()
        == ["corpus.txt", "out/configuration.yaml"] + names.map { "out/" + $0 }
        + names.map { "out/vocab-259/" + $0 })
    let record = try JSONValue(parsing: folder.read("out/training.json"))
    #expect(record["options"]?["special"]?.array?.compactMap(\.string) == ["<s>"])
    #expect(record["merge_counts"]?.array?.first?.int == 6)
    let small = try JSONValue(parsing: folder.read("out/vocab-259/training.json"))
    #expect(small["vocabulary"]?["tokens"]?.int == 259)
  }

  @Test(arguments: [[], ["--json"]])
  func `says which sizes a corpus has too few pairs for`(options: [String]) throws {
    let folder = try TemporaryDirectory()
    let corpus = try folder.write("corpus.txt", "ab ab")
    // The bytes, "ab" and " ab".
    let run = try ToolRun(
      [
        "train", corpus, "--vocab-size", "257", "--also-size", "300", "--also-size", "258",
        "--also-size", "1000", "--output", folder.file("out"),
      ] + options)
    run.expectSuccess()
    let sentences = run.messages.split(separator: "\n").filter { $0.contains("no further pair") }
    #expect(
      sentences
        == ["300", "1,000"].map {
          "no further pair is frequent enough: 258 tokens and not \($0)"
        })
    #expect(run.output.isEmpty == options.isEmpty)

    let more = try ToolRun(
      [
        "train", corpus, "--from", folder.file("out"), "--vocab-size", "270", "--output",
        folder.file("more"),
      ] + options)
    more.expectSuccess()
    #expect(more.messages.contains("no further pair is frequent enough: 258 tokens and not 270"))
  }

  @Test(arguments: ["--force", "--resume"])
  func `keeps a folder in the place of its state that it did not make`(option: String) throws {
    let folder = try TemporaryDirectory()
    let corpus = try folder.write("out.state/corpus.txt", Self.text)
    let other = try folder.write("corpus.txt", Self.text)
    for input in [corpus, other] {
      let run = try ToolRun([
        "train", input, "--vocab-size", "260", option, "--output", folder.file("out"),
      ])
      #expect(run.status != 0)
      #expect(try folder.read("out.state/corpus.txt") == Array(Self.text.utf8))
    }
  }

  @Test func `gives the same bytes for any number of threads`() throws {
    let folder = try TemporaryDirectory()
    let corpus = try folder.write("corpus.txt", Self.text)
    for threads in ["1", "3"] {
      let run = try ToolRun([
        "train", corpus, "--vocab-size", "270", "--threads", threads, "--quiet", "--output",
        folder.file(threads),
      ])
      #expect(run.status == 0, "\(run.messages)")
    }
    for name in ["tokenizer.json", "training.json"] {
      #expect(try folder.read("1/" + name) == folder.read("3/" + name))
    }
  }

  @Test(arguments: [
    ["--vocab-size", "255"], ["--vocab-size", "300", "--max-token-length", "1"],
    ["--vocab-size", "300", "--min-frequency", "-1"], ["--vocab-size", "256", "--special", "<s>"],
    ["--vocab-size", "300", "--also-size", "2"], ["--vocab-size", "300", "--tie", "both"],
  ])
  func `refuses options that nothing can be made of`(options: [String]) throws {
    let folder = try TemporaryDirectory()
    let corpus = try folder.write("corpus.txt", Self.text)
    let run = try ToolRun(["train", corpus, "--output", folder.file("out")] + options)
    #expect(run.status == 64, "\(run.messages)")
    #expect(try folder.listing() == ["corpus.txt"])
  }

  @Test func `a run that was killed goes on, if that is said and it is the same run`() throws {
    let folder = try TemporaryDirectory()
    let corpus = try folder.write("corpus.txt", Self.text)
    let train = ["train", corpus, "--vocab-size", "270", "--quiet", "--output", folder.file("out")]
    let whole = try ToolRun(train + ["--resume"])
    #expect(whole.status == 0, "\(whole.messages)")
    #expect(try folder.listing().allSatisfy { !$0.contains(".state") })
    // What a run leaves that was killed before it counted anything.
    let options = try folder.read("out/configuration.yaml")
    try folder.write("out.state/configuration.yaml", options)
    try ToolRun(["train", corpus, "--vocab-size", "270", "--output", folder.file("out"), "--force"])
      .expectSuccess()
    #expect(try folder.listing().allSatisfy { !$0.contains(".state") })
    try folder.write("out.state/configuration.yaml", options)
    removeTree(folder.file("out"))
    try ToolRun(train).expectFailure(73, ["out.state", "--resume", "--force"])
    let other = ["train", corpus, "--vocab-size", "271", "--output", folder.file("out")]
    try ToolRun(other + ["--resume"]).expectFailure(64, ["--vocab-size 270", "--vocab-size 271"])
    // More threads and a bound of memory are the same run all the same.
    try ToolRun(train + ["--resume", "--threads", "3", "--memory", "64M"]).expectSuccess()
    #expect(try folder.listing().allSatisfy { !$0.contains(".state") })
    #expect(try folder.read("out/training.json").count > 100)
  }

  @Test func `makes merges for languages in turn`() throws {
    let folder = try TemporaryDirectory()
    try folder.write("en/a.txt", Self.text + Self.text)
    try folder.write("sw/a.txt", "samaki mmoja samaki wawili samaki mwekundu\n")
    let run = try ToolRun([
      "train", "--language", "en=" + folder.file("en"), "--language", "sw=" + folder.file("sw"),
      "--vocab-size", "270", "--quiet", "--json", "--output", folder.file("out"),
    ])
    #expect(run.status == 0, "\(run.messages)")
    let record = try JSONValue(parsing: folder.read("out/training.json"))
    let languages = try #require(record["languages"]?.array)
    #expect(languages.compactMap { $0["name"]?.string } == ["en", "sw"])
    let merges = languages.compactMap { $0["merges"]?.int }
    #expect(merges.reduce(0, +) == 14 && merges.allSatisfy { $0 > 0 })
    #expect(record["options"]?["language"]?.array?.compactMap(\.string) == ["en", "sw"])
    #expect(record["options"]?["parity_unit"]?.string == "bytes")
    #expect(record["options"]?["parity_after"]?.int == 0)
    #expect(record["corpora"]?.array?.count == 2)
  }

  @Test func `tokens may span words in a second stage`() throws {
    let folder = try TemporaryDirectory()
    let text = String(repeating: "one fish two fish\n", count: 9)
    let corpus = try folder.write("corpus.txt", text)
    try ToolRun([
      "train", corpus, "--lines", "--vocab-size", "270", "--superwords-after", "264", "--quiet",
      "--output", folder.file("out"),
    ]).expectSuccess()
    let encoded = try ToolRun(
      ["encode", "--tokenizer", folder.file("out"), "--quiet"], input: Array("two fish".utf8))
    #expect(encoded.text.split(separator: " ").count < 3, "\(encoded.text)")
    let record = try JSONValue(parsing: folder.read("out/training.json"))
    #expect(record["options"]?["superwords_after"]?.int == 264)
    #expect(record["options"]?["first_pattern"]?.string == "o200k")
    #expect(record["options"]?["pattern"]?.string == "none")
  }

  @Test func `goes on from another tokenizer, whose IDs stay`() throws {
    let folder = try TemporaryDirectory()
    let corpus = try folder.write("corpus.txt", Self.text)
    let more = try folder.write("more.txt", "samaki mmoja samaki wawili <s> samaki\n")
    try ToolRun([
      "train", corpus, "--vocab-size", "265", "--special", "<s>", "--quiet", "--output",
      folder.file("base"),
    ]).expectSuccess()
    try ToolRun([
      "train", more, "--from", folder.file("base"), "--vocab-size", "270", "--quiet", "--output",
      folder.file("out"),
    ]).expectSuccess()
    let record = try JSONValue(parsing: folder.read("out/training.json"))
    #expect(record["vocabulary"]?["new_tokens"]?.int == 5)
    #expect(record["vocabulary"]?["first_new_id"]?.int == 265)
    // What the run leaves of its options names none that it would refuse.
    try ToolRun([
      "train", "--config", folder.file("out/configuration.yaml"), "--quiet", "--output",
      folder.file("again"),
    ]).expectSuccess()
    #expect(try folder.read("again/training.json") == folder.read("out/training.json"))
    for tokenizer in ["base", "out"] {
      let run = try ToolRun(
        ["encode", "--tokenizer", folder.file(tokenizer), "--quiet"], input: Array("fish".utf8))
      #expect(
        run.text
          == (try ToolRun(
            ["encode", "--tokenizer", folder.file("base"), "--quiet"], input: Array("fish".utf8)))
          .text)
    }
  }

  @Test(arguments: [
    ["corpus.txt", "--language", "en=corpus.txt"], ["--language", "en"], ["--language", "=x"],
    ["--language", "en=corpus.txt", "--memory", "1G"],
    ["corpus.txt", "--superwords-after", "301"], ["corpus.txt", "--superwords-after", "200"],
    ["-", "--superwords-after", "280"], ["corpus.txt", "--from", "t", "--pattern", "gpt2"],
    ["corpus.txt", "--max-token-length", "5", "--hf-max-token-length", "6"], [],
  ])
  func `refuses what does not go together`(options: [String]) throws {
    try ToolRun(["train", "--vocab-size", "300", "--output", "out"] + options)
      .expectFailure(64, [])
  }

  @Test(arguments: [
    (["c.txt", "--superword-pattern", "gpt2"], "--superword-pattern needs --superwords-after"),
    (["c.txt", "--parity-unit", "bytes"], "--parity-unit needs --language"),
    (["c.txt", "--parity-after", "0"], "--parity-after needs --language"),
    (["c.txt", "--from", "t", "--tie", "hf"], "--from and --tie exclude each other"),
    (["--counts", "a.counts", "--lines"], "--counts and --lines exclude each other"),
    (["--counts", "a.counts", "--paragraphs"], "--counts and --paragraphs exclude each other"),
    (["--counts", "a.counts", "--text-field", "body"], "--counts and --text-field exclude"),
  ])
  func `refuses options that would do nothing`(options: [String], words: String) throws {
    try ToolRun(["train", "--vocab-size", "300", "--output", "out"] + options)
      .expectFailure(64, [words])
  }

  @Test func `a vocabulary that has no room for new tokens is refused`() throws {
    let folder = try TemporaryDirectory()
    let corpus = try folder.write("corpus.txt", Self.text)
    let base = folder.file("base")
    try ToolRun(["train", corpus, "--vocab-size", "262", "--quiet", "--output", base])
      .expectSuccess()
    for size in ["262", "100"] {
      try ToolRun([
        "train", corpus, "--from", base, "--vocab-size", size, "--output", folder.file("out"),
      ]).expectFailure(64, ["above 262", base, "not \(size)"])
    }
    #expect(try folder.listing().allSatisfy { !$0.hasPrefix("out") })
  }
}
