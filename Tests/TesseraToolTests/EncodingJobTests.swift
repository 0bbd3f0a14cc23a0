import TesseraBasics
import TesseraCorpora
import TesseraTestSupport
import TesseraTokenizers
import Testing

@testable import tessera

/// Documents of any size next to the sizes at which they are encoded together or in pieces.
@Suite struct EncodingJobTests {
  private final class Output { var bytes: [UInt8] = [] }

  private func run(
    _ documents: [String], _ format: TokenFormat, batchSize: Int, limit: Int? = nil,
    onlyCounts: Bool = false, dropout: Double = 0
  ) throws -> (output: [UInt8], isExceeded: Bool) {
    let folder = try TemporaryDirectory()
    let paths = try documents.enumerated().map { index, text in
      try folder.write("\(index).txt", Array(text.utf8))
    }
    let corpus = try Corpus(paths: paths, options: CorpusOptions(keepsEmptyDocuments: true))
    var job = EncodingJob(
      tokenizer: try Tokenizer(contentsOf: fixturePath("tokenizers/gpt2.json")).withDropout(
        dropout),
      special: .none, seed: 5, limit: limit, addsSpecialTokens: false, onlyCounts: onlyCounts)
    job.batchSize = batchSize
    let output = Output()
    var writer = TokenWriter(format: format)
    writer.sink = { output.bytes += $0 }
    let isExceeded = try job.run(corpus, writer, Console(quiet: true))
    return (output.bytes, isExceeded)
  }

  private static let documents = [
    "The river", "", String(repeating: "runs past the old mill ", count: 20), "a",
    String(repeating: "नदी ", count: 50), "",
  ]

  @Test(arguments: TokenFormat.allCases)
  func `writes the same whatever the size of pieces`(format: TokenFormat) throws {
    for dropout in [0, 0.3] {
      let expected = try run(Self.documents, format, batchSize: 1 << 20, dropout: dropout).output
      for size in [16, 17, 40, 100, 500] {
        let found = try run(Self.documents, format, batchSize: size, dropout: dropout).output
        #expect(found == expected, "\(size), \(dropout)")
      }
    }
  }

  @Test func `writes no more tokens than are wanted`() throws {
    let all = try run(Self.documents, .text, batchSize: 1 << 20).output
    let lines = String(decoding: all, as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false)
    let expected = lines.map { $0.split(separator: " ").prefix(7).joined(separator: " ") }
    for size in [16, 40, 1_000] {
      let found = try run(Self.documents, .text, batchSize: size, limit: 7).output
      #expect(String(decoding: found, as: UTF8.self) == expected.joined(separator: "\n"))
      let counts = lines.dropLast().map { line in
        let count = line.split(separator: " ").count
        return count > 7 ? ">7" : "\(count)"
      }
      let counted = try run(
        Self.documents, .text, batchSize: size, limit: 7, onlyCounts: true)
      #expect(
        String(decoding: counted.output, as: UTF8.self) == counts.joined(separator: "\n") + "\n")
      #expect(counted.isExceeded)
      let fitting = try run(
        Self.documents, .json, batchSize: size, limit: 10_000, onlyCounts: true)
      #expect(!fitting.isExceeded)
      let value = try JSONValue(parsing: fitting.output)
      #expect(value["documents"]?.array?.count == 6)
      #expect(value["documents"]?.array?[1]["token_count"] == 0)
      #expect(value["byte_count"]?.int == Self.documents.reduce(0) { $0 + $1.utf8.count })
    }
  }
}
