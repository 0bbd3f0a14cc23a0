import TesseraBasics
import TesseraCorpora
import TesseraTestSupport
import Testing

@testable import TesseraTokenizers

@Suite struct CorpusStatisticsTests {
  @Test func `counts documents, scripts, damage and duplicates`() throws {
    let folder = try TemporaryDirectory()
    try folder.write("a.txt", Array("abc नदी\n\nabc नदी\nx\u{FFFD}\n".utf8) + [0x80, 0x0A])
    let path = try folder.write("b.txt", "川 1\n")
    let options = CorpusOptions(documents: .lines, keepsEmptyDocuments: true)
    let found = try CorpusStatistics(of: Corpus(paths: [folder.path], options: options))
    #expect(found.fileCount == 2 && found.documentCount == 6)
    #expect(found.emptyDocumentCount == 1 && found.duplicateCount == 1)
    #expect(!found.duplicatesAreEstimated)
    #expect(found.invalidByteCount == 1 && found.replacementCount == 1)
    #expect(found.firstInvalidFile == folder.file("a.txt"))
    #expect(found.firstInvalidPosition?.line == 5)
    #expect(found.scripts.map(\.name) == ["latin", "devanagari", "common", "han"])
    #expect(found.scripts.map(\.count) == [7, 6, 5, 1])
    #expect(found.largestDocumentSize == 13)
    #expect(try CorpusStatistics(of: Corpus(paths: [path])).characterCount == 4)
  }

  @Test func `estimates repetitions in a sample`() throws {
    var exact = DistinctSample(limit: 1 << 20)
    var sample = DistinctSample(limit: 1_000)
    var random = SplitMix64(seed: 3)
    var hashes = (0..<20_000).map { _ in random.next() }
    hashes += hashes.prefix(8_000)
    for hash in hashes {
      exact.add(hash)
      sample.add(hash)
    }
    #expect(exact.duplicateCount == 8_000 && !exact.isEstimate)
    // A sample of some 600 hashes: within five standard deviations.
    #expect(sample.isEstimate && abs(sample.duplicateCount - 8_000) < 2_000)
    var reversed = DistinctSample(limit: 1_000)
    for hash in hashes.reversed() { reversed.add(hash) }
    #expect(reversed.duplicateCount == sample.duplicateCount)
  }
}
