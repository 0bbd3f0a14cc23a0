import Foundation  // String.range(of:)
import TesseraBasics
import TesseraTestSupport
import Testing

/// What the tool does with wrong input: one line, the right status, nothing left behind.
@Suite struct BadInputTests {
  /// A folder with a corpus and a tokenizer of 300 tokens trained on it.
  private static func prepare(_ folder: borrowing TemporaryDirectory) throws -> (
    corpus: String, tokenizer: String
  ) {
    let corpus = folder.path + "/corpus.txt"
    try writeFile(corpus, Array("one fish two fish red fish blue fish\n".utf8))
    let tokenizer = folder.path + "/tokenizer"
    let run = try ToolRun(
      ["train", corpus, "--vocab-size", "270", "--output", tokenizer, "--quiet"])
    #expect(run.status == 0, "\(run.messages)")
    return (corpus, tokenizer)
  }

  /// Expects one line on standard error that holds `words`, and the exit status.
  private func expectFailure(
    _ run: ToolRun, status: Int32, words: [String],
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(run.status == status, "\(run.messages)", sourceLocation: sourceLocation)
    #expect(run.output.isEmpty, sourceLocation: sourceLocation)
    for word in words {
      #expect(run.messages.contains(word), "\(run.messages)", sourceLocation: sourceLocation)
    }
    let lines = run.messages.split(separator: "\n")
    #expect(status == 64 || lines.count == 1, "\(run.messages)", sourceLocation: sourceLocation)
  }

  @Test func `an unknown pattern is a usage error that names it`() throws {
    let folder = try TemporaryDirectory()
    let corpus = folder.path + "/corpus.txt"
    try writeFile(corpus, Array("text".utf8))
    let run = try ToolRun([
      "train", corpus, "--vocab-size", "300", "--pattern", "gpt5",
      "--output", folder.path + "/out",
    ])
    expectFailure(run, status: 64, words: ["gpt5"])
    #expect(try listFiles(under: folder.path) == [corpus])
  }

  @Test func `a missing corpus is an input that cannot be opened`() throws {
    let folder = try TemporaryDirectory()
    let run = try ToolRun([
      "train", folder.path + "/none.txt", "--vocab-size", "300", "--output", folder.path + "/out",
    ])
    expectFailure(run, status: 66, words: ["none.txt"])
    #expect(try listFiles(under: folder.path).isEmpty)
  }

  @Test func `an empty corpus is wrong content`() throws {
    let folder = try TemporaryDirectory()
    let corpus = folder.path + "/corpus.txt"
    try writeFile(corpus, [])
    let run = try ToolRun([
      "train", corpus, "--vocab-size", "300", "--output", folder.path + "/out",
    ])
    expectFailure(run, status: 65, words: ["corpus.txt has no text"])
    #expect(try listFiles(under: folder.path) == [corpus])
  }

  @Test func `an output that exists is refused, and replaced with force`() throws {
    let folder = try TemporaryDirectory()
    let (corpus, tokenizer) = try Self.prepare(folder)
    let before = try readFile(tokenizer + "/tokenizer.json", limit: 1 << 20)
    let arguments = ["train", corpus, "--vocab-size", "265", "--output", tokenizer, "--quiet"]
    expectFailure(try ToolRun(arguments), status: 73, words: [tokenizer, "--force"])
    #expect(try readFile(tokenizer + "/tokenizer.json", limit: 1 << 20) == before)

    let forced = try ToolRun(arguments + ["--force"])
    #expect(forced.status == 0, "\(forced.messages)")
    #expect(try readFile(tokenizer + "/tokenizer.json", limit: 1 << 20) != before)
  }

  @Test func `an output that cannot be made where it is asked for is no missing input`() throws {
    let folder = try TemporaryDirectory()
    let (corpus, tokenizer) = try Self.prepare(folder)
    let file = folder.path + "/file"
    let empty = folder.path + "/empty"
    try writeFile(file, [1])
    try createDirectory(empty)
    let train = ["train", corpus, "--vocab-size", "265", "--output"]
    let count = ["count", corpus, "--output"]
    let convert = ["convert", "--from", tokenizer, "--to", "compiled", "--output"]
    for force in [[], ["--force"]] {
      expectFailure(
        try ToolRun(train + [file] + force), status: 73, words: ["file is not a folder"])
      expectFailure(
        try ToolRun(train + [file + "/x"] + force), status: 73, words: ["file is not a folder"])
      expectFailure(try ToolRun(count + [tokenizer] + force), status: 73, words: [tokenizer])
      expectFailure(
        try ToolRun(count + [file + "/x"] + force), status: 73, words: ["file is not a folder"])
      expectFailure(try ToolRun(convert + [empty] + force), status: 73, words: ["not a regular"])
    }
    expectFailure(
      try ToolRun(count + [file]), status: 73, words: ["file exists already", "--force"])
    #expect(try readFile(file, limit: 2) == [1])
  }

  @Test func `options are checked before the corpus is read`() throws {
    let folder = try TemporaryDirectory()
    let corpus = folder.path + "/corpus.txt"
    // Like a compressed file: an error as soon as it is opened.
    try writeFile(corpus, [0x1F, 0x8B, 8, 0])
    let arguments = ["train", corpus, "--vocab-size", "300", "--output", folder.path + "/out"]
    expectFailure(try ToolRun(arguments), status: 65, words: ["corpus.txt", "gzip"])
    let run = try ToolRun(arguments + ["--special", "<s>", "--special", "<s>"])
    expectFailure(run, status: 65, words: ["<s>", "twice"])
  }

  @Test func `a merge of unknown tokens is wrong content`() throws {
    let folder = try TemporaryDirectory()
    let (corpus, tokenizer) = try Self.prepare(folder)
    let path = tokenizer + "/tokenizer.json"
    let text = String(decoding: try readFile(path, limit: 1 << 20), as: UTF8.self)
    let marker = try #require(text.range(of: "\"merges\": ["))
    let broken =
      text[..<marker.upperBound] + "\n[\"absent\", \"token\"]," + text[marker.upperBound...]
    try writeFile(path, Array(broken.utf8))
    let run = try ToolRun(["encode", "--tokenizer", tokenizer, corpus])
    expectFailure(run, status: 65, words: ["absent", path])
  }

  @Test func `a truncated safetensors file is wrong content`() throws {
    let folder = try TemporaryDirectory()
    let (corpus, tokenizer) = try Self.prepare(folder)
    try writeFile(tokenizer + "/model.safetensors", [200, 0, 0, 0, 0, 0, 0, 0, 123])
    try writeFile(
      tokenizer + "/config.json",
      Array(
        """
        {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 270,
         "hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 1,
         "num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 32,
         "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "tie_word_embeddings": true}
        """.utf8))
    for verb in [
      ["evaluate", "--model", tokenizer, "--corpus", "en=\(corpus)"],
      [
        "extend", "--model", tokenizer, "--corpus", corpus, "--new-tokens", "5",
        "--output", folder.path + "/out",
      ],
    ] {
      let run = try ToolRun(verb + ["--quiet"])
      expectFailure(run, status: 65, words: ["model.safetensors"])
      #expect(try !listFiles(under: folder.path).contains { $0.contains("/out") })
    }
  }

  @Test func `an unknown key of a configuration file names the nearest option`() throws {
    let folder = try TemporaryDirectory()
    let corpus = folder.path + "/corpus.txt"
    try writeFile(corpus, Array("text".utf8))
    let configuration = folder.path + "/train.yaml"
    try writeFile(configuration, Array("vocab-sise: 300\n".utf8))
    let run = try ToolRun([
      "train", corpus, "--config", configuration, "--output", folder.path + "/out",
    ])
    expectFailure(run, status: 78, words: ["vocab-sise", "vocab-size"])
  }

  @Test func `a configuration file gives options, and the command line wins`() throws {
    let folder = try TemporaryDirectory()
    let corpus = folder.path + "/corpus.txt"
    try writeFile(corpus, Array("one fish two fish red fish blue fish\n".utf8))
    let configuration = folder.path + "/train.yaml"
    try writeFile(configuration, Array("vocab-size: 260\nquiet: true\n".utf8))
    let arguments = ["train", corpus, "--config", configuration, "--output", folder.path + "/out"]
    let run = try ToolRun(arguments + ["--vocab-size", "262", "--json"])
    #expect(run.status == 0, "\(run.messages)")
    #expect(run.messages.isEmpty)
    let result = try JSONValue(parsing: run.output)
    #expect(result["vocabulary_size"]?.int == 262)
  }
}
