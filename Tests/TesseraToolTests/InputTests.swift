import TesseraBasics
import TesseraTestSupport
import Testing

/// What is found wrong with inputs before any work is done, and how it is told.
@Suite struct InputTests {
  private let base = fixturePath("../../models/base-en")
  private let english = fixturePath("../../corpora-samples/en")

  @Test func `an empty corpus is called by its name`() throws {
    let folder = try TemporaryDirectory()
    let empty = try folder.write("empty.txt", "")
    let output = ["--output", folder.file("out")]
    for arguments in [
      ["train", empty, "--vocab-size", "300"] + output,
      ["extend", "--model", base, "--corpus", empty, "--new-tokens", "5"] + output,
      ["adapt", "--model", base, "--corpus", empty, "--no-replay"] + output,
      ["pretrain", "--tokenizer", base, "--corpus", empty, "--steps", "1"] + output,
      ["evaluate", "--model", base, "--corpus", "a=" + empty],
    ] {
      try ToolRun(arguments).expectFailure(65, ["empty.txt has no text"])
    }
    #expect(try folder.listing() == ["empty.txt"])
  }

  @Test func `a file that makes one document says how to make several`() throws {
    let folder = try TemporaryDirectory()
    let file = try folder.write("one.txt", "one fish\n\ntwo fish\n")
    let run = try ToolRun([
      "adapt", "--model", base, "--corpus", file, "--no-replay", "--output", folder.file("out"),
    ])
    run.expectFailure(65, ["one.txt", "--paragraphs", "--lines"])
  }

  @Test func `every corpus is opened before one of them is read`() throws {
    let run = try ToolRun([
      "evaluate", "--model", base, "--corpus", "a=\(english)", "b=/nowhere/b.txt",
    ])
    run.expectFailure(66, ["/nowhere/b.txt"])
    let folder = try TemporaryDirectory()
    let adapt = try ToolRun([
      "adapt", "--model", base, "--corpus", english, "--replay", "/nowhere/b.txt", "--output",
      folder.file("out"),
    ])
    adapt.expectFailure(66, ["/nowhere/b.txt"])
  }

  @Test func `standard input is one corpus at most`() throws {
    for arguments in [
      ["train", "-", "-", "--vocab-size", "300", "--output", "/nowhere/t"],
      ["evaluate", "--model", base, "--corpus", "a=-", "b=-"],
      ["adapt", "--model", base, "--corpus", "-", "--replay", "-", "--output", "/nowhere/a"],
    ] {
      try ToolRun(arguments).expectFailure(65, ["standard input", "more than once"])
    }
  }

  @Test func `a tokenizer that no model directory can hold is refused before any work`() throws {
    let folder = try TemporaryDirectory()
    let corpus = try folder.write("corpus.txt", "one fish\n\ntwo fish\n")
    let model = fixturePath("sentencepiece/suffix.model")
    for options in [[], ["--dry-run"]] {
      let run = try ToolRun(
        [
          "pretrain", "--tokenizer", model, "--corpus", corpus, "--paragraphs", "--steps", "1",
          "--output", folder.file("out"), "--quiet",
        ] + options)
      run.expectFailure(65, ["suffix.model", "treat_whitespace_as_suffix", "tokenizer.json"])
    }
    #expect(try folder.listing() == ["corpus.txt"])
  }

  @Test func `a tokenizer without an end of text is named, with the way out`() throws {
    let folder = try TemporaryDirectory()
    let corpus = try folder.write("corpus.txt", "one fish\n\ntwo fish\n")
    let tokenizer = folder.file("tokenizer")
    let trained = try ToolRun([
      "train", corpus, "--vocab-size", "258", "--quiet", "--output", tokenizer,
    ])
    #expect(trained.status == 0)
    let run = try ToolRun([
      "pretrain", "--tokenizer", tokenizer, "--corpus", corpus, "--paragraphs", "--steps", "1",
      "--output", folder.file("model"),
    ])
    run.expectFailure(65, [tokenizer, "--special '<|endoftext|>'"])
  }

  @Test func `a folder without a tokenizer is an input that is missing`() throws {
    let folder = try TemporaryDirectory()
    try ToolRun(["encode", "--tokenizer", folder.path]).expectFailure(66, [folder.path])
    try ToolRun(["generate", "--model", folder.path]).expectFailure(66, [folder.path])
  }

  @Test func `train names its output as it was given, and finds one that exists first`() throws {
    let folder = try TemporaryDirectory()
    let corpus = try folder.write("corpus.txt", "one fish two fish")
    try createDirectory(folder.file("out"))
    let run = try ToolRun(
      shell: "cd \(folder.path) && $tessera train \(corpus) --vocab-size 258 --output out")
    #expect(run.status == 0 && run.messages.hasPrefix("out: 258 tokens"), "\(run.messages)")
    let extend = try ToolRun([
      "extend", "--model", base, "--corpus", english, "--new-tokens", "5", "--dry-run", "--output",
      folder.file("out"),
    ])
    extend.expectFailure(73, ["/out exists already"])
  }
}
