import TesseraBasics
import TesseraCorpora
import TesseraTestSupport
import Testing

@testable import TesseraTokenizers

/// Chunks of documents, and passing over those that were counted before.
@Suite struct DocumentChunksTests {
  private static func documents() -> [String] {
    var random = SplitMix64(seed: 3)
    return (0..<12).map { index in
      // Some empty, some shorter than any chunk, some longer.
      let words = [0, 1, 5, 60, 300][index % 5]
      return (0..<words).map { _ in
        String((0..<1 + random.below(9)).map { _ in Array("abcé漢")[random.below(5)] })
      }.joined(separator: " ")
    }
  }

  /// All chunks to the end, and what is known there.
  private static func rest(
    _ chunks: inout DocumentChunks
  ) throws -> (chunks: [[UInt8]], summary: CorpusSummary) {
    var list: [[UInt8]] = []
    while let chunk = try chunks.next() { list.append(chunk.bytes) }
    return (list, chunks.summary())
  }

  @Test(arguments: [DocumentBoundary.file, .paragraphs])
  func `go on from any chunk with chunks of any size`(boundary: DocumentBoundary) throws {
    let folder = try TemporaryDirectory()
    var options = CorpusOptions()
    options.documents = boundary
    options.keepsEmptyDocuments = true
    let texts = Self.documents()
    let corpus = try Corpus(
      paths: boundary == .file
        ? texts.enumerated().map { try folder.write("\($0).txt", $1) }
        : [folder.write("all.txt", texts.joined(separator: "\n\n"))], options: options)
    let splitting = TextSplitting(CountingOptions())
    for size in [64, 200, 1 << 20] {
      var chunks = DocumentChunks(corpus, splitting, chunkSize: size)
      var positions = [chunks.position]
      var offsets = [0]
      while let chunk = try chunks.next() {
        positions.append(chunks.position)
        offsets.append((offsets.last ?? 0) + chunk.bytes.count)
      }
      let summary = chunks.summary()
      for (position, offset) in zip(positions, offsets) {
        for otherSize in [64, 150, 1 << 20] {
          var others = DocumentChunks(corpus, splitting, chunkSize: otherSize)
          try others.skip(to: position) { _ in }
          #expect(others.position == position)
          let rest = try Self.rest(&others)
          #expect(rest.summary == summary, "\(size), \(otherSize), \(position)")
          #expect(rest.chunks.reduce(0) { $0 + $1.count } == summary.textSize - offset)
          #expect(rest.chunks.allSatisfy { $0.count <= 2 * otherSize })
        }
      }
    }
  }

  @Test func `a position that the corpus does not have is refused`() throws {
    let folder = try TemporaryDirectory()
    let path = try folder.write("a.txt", "one two three")
    let corpus = try Corpus(paths: [path])
    for (documents, offset) in [(0, 5), (0, 13), (0, 99), (1, 0), (2, 0), (Int.max, Int.max)] {
      var chunks = DocumentChunks(corpus, TextSplitting(CountingOptions()), chunkSize: 1 << 20)
      #expect(throws: TrainingError.corpusChanged(path: path)) {
        try chunks.skip(
          to: CountingPosition(documentCount: documents, documentOffset: offset, sha256: "x")
        ) { _ in }
      }
    }
  }
}
