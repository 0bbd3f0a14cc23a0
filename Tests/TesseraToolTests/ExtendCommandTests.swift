import TesseraBasics
import TesseraTestSupport
import Testing

/// `extend` and `restore` from the command line.
@Suite struct ExtendCommandTests {
  private let base = fixturePath("../../models/base-en")
  private func corpus(_ name: String) -> String { fixturePath("../../corpora-samples/" + name) }

  private func json(_ arguments: [String]) throws -> JSONValue {
    let run = try ToolRun(arguments + ["--json", "--quiet"])
    #expect(run.status == 0, "\(run.messages)")
    return try JSONValue(parsing: run.output)
  }

  @Test func `what was extended is made again without its corpus, and undone`() throws {
    let folder = try TemporaryDirectory()
    let model = ["--model", base]
    _ = try json(
      ["extend"] + model + [
        "--corpus", corpus("sw"), "--paragraphs", "--new-tokens", "40", "--init", "random",
        "--seed",
        "7", "--output", folder.file("new"),
      ])
    let again = try json(
      ["extend"] + model + [
        "--delta", folder.file("new/extension.json"), "--output", folder.file("again"),
      ])
    #expect(again["new_token_count"] == 40)
    for name in try folder.listing() where name.hasPrefix("new/") {
      if name.hasSuffix("configuration.yaml") { continue }
      #expect(
        try folder.read(name) == folder.read(name.replacing("new/", with: "again/")), "\(name)")
    }
    let restored = try json(["restore", folder.file("again"), "--output", folder.file("base")])
    for name in try #require(restored["files"]?.array).compactMap(\.string) {
      #expect(
        try folder.read("base/" + name) == readFile(Path.join(base, name), limit: 1 << 28),
        "\(name)")
    }
    let missing = try #require(restored["not_restored"]?.array).compactMap(\.string)
    #expect(missing == ["metrics.jsonl", "training.json"])
    let restore = ["restore", folder.file("again"), "--output", folder.file("base"), "--quiet"]
    #expect(try ToolRun(restore).status == 73)
    _ = try json(Array(restore.dropLast()) + ["--force"])
    // What is in neither list does not exist.
    let all = try folder.listing().count { $0.hasPrefix("base/") } + missing.count
    #expect(try listFiles(under: base).count == all)
  }

  @Test func `languages get their shares, and a protected text stays`() throws {
    let folder = try TemporaryDirectory()
    let result = try json([
      "extend", "--model", base, "--language", "sw=\(corpus("sw"))", "--language",
      "hi=\(corpus("hi"))", "--share", "hi=0.75", "--paragraphs", "--new-tokens", "80",
      "--protect", corpus("en"), "--scripts", "Latn,Devanagari", "--output", folder.file("new"),
    ])
    let languages = try #require(result["languages"]?.array)
    #expect(languages.map { $0["name"] } == ["sw", "hi"])
    #expect(languages.map { $0["new_token_count"] } == [20, 60])
    #expect(result["stopped_by"] == "requested")
    #expect(try #require(result["refused"]?["protected"]?["pair_count"]?.int) > 0)
    let encode = ["encode", corpus("en/daily-life.txt"), "--tokenizer"]
    let before = try ToolRun(encode + [base])
    let after = try ToolRun(encode + [folder.file("new")])
    #expect(before.status == 0 && before.output == after.output)
  }

  @Test func `a dry run shows what other sizes give`() throws {
    let arguments = [
      "extend", "--model", base, "--corpus", corpus("sw"), "--paragraphs", "--dry-run",
    ]
    let result = try json(arguments + ["--budget-tokens", "100000"])
    let count = try #require(result["new_token_count"]?.int)
    #expect(result["stopped_by"] == "rare-tokens")
    let sizes = try #require(result["sizes"]?.array)
    #expect(
      sizes.map { $0["new_token_count"]?.int } == [
        0, count / 8, count / 4, count / 2, count, 2 * count,
      ])
    let gains = sizes.compactMap { $0["bytes_per_token"]?["corpus"]?.double }
    #expect(gains == gains.sorted() && gains.count == 6)
    #expect(sizes[0]["relative_time"]?.double == 1)
    #expect(result["extended_bytes_per_token"]?.double == gains[4])
    let run = try ToolRun(arguments)
    let text = String(decoding: run.output, as: UTF8.self)
    #expect(text.contains("new tokens  bytes/token"), "\(text)")
  }

  @Test func `a method for a head that is not there is refused before the corpus is read`() throws {
    let folder = try TemporaryDirectory()
    // Either would say that there is too little of it.
    let corpus = try folder.write("corpus.txt", "a")
    let arguments = [
      "--model", base, "--corpus", corpus, "--output-init", "mean", "--output", folder.file("out"),
    ]
    for verb in [["extend"], ["extend", "--dry-run"], ["adapt", "--no-replay"]] {
      try ToolRun(verb + arguments).expectFailure(65, ["no head of its own", "\"mean\""])
    }
  }

  @Test(arguments: [
    ("--share hi=0.5", "--share needs --language"),
    ("--corpus c --language a=b", "not both"), ("--language a", "NAME=PATH"),
    ("--language a=b --share c=0.5", "no --language"),
    ("--language a=b --share a=0.5", "add up to 1"),
    ("--language a=b --language c=d --share a=1", "leave nothing"),
    ("--language a=b --share a=2", "NAME=0.4"),
    ("--corpus c --min-seen 5", "needs --budget-tokens"),
    ("--corpus c --new-tokens 5 --budget-tokens 5", "--new-tokens auto"),
    ("--corpus c --bend 1", "below 1"), ("--corpus c --new-tokens some", "some"),
    ("--corpus c --scripts Deva,Xxxx", "\"Xxxx\""),
    ("", "give --corpus, --language, --delta or --replace-tokenizer"),
    ("--map-token a=b --corpus c", "--map-token needs --replace-tokenizer"),
    ("--pattern gpt2 --corpus c", "--pattern needs --replace-tokenizer"),
    ("--replace-tokenizer t --map-token a", "--map-token must be OLD=NEW"),
    ("--replace-tokenizer t --map-token =a=", "--map-token must be OLD=NEW"),
    ("--replace-tokenizer t --new-tokens 5", "--new-tokens and --replace-tokenizer exclude"),
    ("--replace-tokenizer t --language a=b", "exclude each other"),
    ("--replace-tokenizer t --delta d", "--delta and --replace-tokenizer exclude each other"),
    ("--replace-tokenizer t --certify c", "--certify and --replace-tokenizer exclude"),
    ("--replace-tokenizer t --padding keep", "--padding and --replace-tokenizer exclude"),
    ("--replace-tokenizer t --init merge-tree", "\"merge-tree\" goes by merges"),
    ("--replace-tokenizer t --init distill", "\"distill\" reads texts in both encodings"),
    ("--replace-tokenizer t --corpus c", "nothing reads --corpus"),
    ("--replace-tokenizer t --init focus", "focus needs --corpus or --vectors"),
    ("--delta d --new-tokens 5", "--new-tokens is what --delta says already"),
    ("--delta d --reserved reuse", "--reserved is what --delta says already"),
    ("--replace-tokenizer t --reserved reuse", "--reserved and --replace-tokenizer exclude"),
    ("--corpus c --reserved-pattern <a*>", "--reserved-pattern is for --reserved reuse"),
    ("--corpus c --reserved reuse --reserved-pattern <a>", "a name with one *"),
    ("--corpus c --protect - --reserved reuse", "reads protected text twice"),
    ("--delta d --seed 5", "--seed is what --delta says already"),
  ])
  func `options that contradict each other are refused`(options: String, words: String) throws {
    let arguments = ["extend", "--model", "m", "--output", "o"]
    try ToolRun(arguments + options.split(separator: " ").map(String.init))
      .expectFailure(64, [words])
  }
}
