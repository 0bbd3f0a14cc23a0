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
}
