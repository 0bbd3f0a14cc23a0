import TesseraBasics
import TesseraTestSupport
import Testing

@testable import tessera

/// Options out of `--config` files, and the files that runs leave for it.
@Suite struct ConfigurationFileTests {
  @Test(arguments: [
    ("vocab-size: abc", "vocab-size", "'abc'"), ("vocab-size: true", "vocab-size", "'true'"),
    ("vocab-size: 12", "vocab-size", "at least 256"),
    ("vocab-size: [300, 400]", "vocab-size", "one"),
    ("vocab-size:", "vocab-size", "one text or number"), ("quiet: maybe", "quiet", "true or false"),
    ("quiet: [true]", "quiet", "true or false"), ("tie: both", "tie", "'hf' and 'bytes'"),
    ("special: [a, [b]]", "special", "list"), ("vocab-sise: 300", "vocab-sise", "\"vocab-size\""),
    ("config: other.yaml", "\"config\"", "not an option"), ("help: true", "help", "not an option"),
    ("[1, 2]", "mapping", "top"), ("a: [1, 2\nb: }", "mapping", "line 1"),
    ("lines: true\nparagraphs: true\nvocab-size: 300", "lines", "exclude"),
  ])
  func `a wrong file is one line with its name and the key`(
    content: String, key: String, reason: String
  ) throws {
    let folder = try TemporaryDirectory()
    let file = try folder.write("options.yaml", content + "\n")
    let corpus = try folder.write("corpus.txt", "text")
    let run = try ToolRun([
      "train", corpus, "--config", file, "--output", folder.file("out"),
    ])
    run.expectFailure(78, ["options.yaml", key, reason])
  }

  @Test func `a mistake on the command line is not the file's`() throws {
    let folder = try TemporaryDirectory()
    let file = try folder.write("options.yaml", "vocab-size: 300\n")
    let run = try ToolRun(["train", "c", "--config", file, "--tie", "both", "-o", "t"])
    run.expectFailure(64, ["'both'"])
    try ToolRun(["train", "c", "--config", folder.file("none.yaml")])
      .expectFailure(66, ["none.yaml"])
  }

  @Test func `the command line wins, over options that its own exclude as well`() throws {
    let syntax = try #require(VerbSyntax(ofVerb: "pretrain"))
    let folder = try TemporaryDirectory()
    let path = try folder.write(
      "options.yaml", "steps: 5\nquiet: yes\nlines: no\ncorpus: [a, b]\nlr: 1e-3\n")
    let file = try ConfigurationFile(path, for: syntax)
    #expect(file.parts.map(\.name) == ["steps", "quiet", "corpus", "lr"])
    let given = syntax.parts(of: ["--tokens", "100", "--lr=0.1"]).parts
    #expect(
      file.parts(beside: given) == [
        VerbSyntax.Part(name: "quiet", values: []),
        VerbSyntax.Part(name: "corpus", values: ["a", "b"]),
      ])
  }

  @Test func `a run is repeated from the file that it leaves`() throws {
    let folder = try TemporaryDirectory()
    let corpus = try folder.write("corpus.txt", "one fish\ntwo fish\nred fish\nblue fish <s>\n")
    let options = try folder.write("options.yaml", "vocab-size: 262\nlines: true\n")
    let first = try ToolRun([
      "train", corpus, "--config", options, "--special", "<s>", "--special", "<\"t\">", "--quiet",
      "--output", folder.file("a"),
    ])
    #expect(first.status == 0, "\(first.messages)")
    let configuration = String(decoding: try folder.read("a/configuration.yaml"), as: UTF8.self)
    for line in [
      "vocab-size: 262", "lines: true", "min-frequency: 0", "  - \"<s>\"", "  - \"<\\\"t\\\">\"",
    ] {
      #expect(configuration.contains(line + "\n"), "\(configuration)")
    }
    let second = try ToolRun([
      "train", "--config", folder.file("a/configuration.yaml"), "--quiet", "--output",
      folder.file("b"),
    ])
    #expect(second.status == 0, "\(second.messages)")
    for name in ["configuration.yaml", "tokenizer.json", "training.json"] {
      #expect(try folder.read("a/" + name) == folder.read("b/" + name))
    }
  }
}
