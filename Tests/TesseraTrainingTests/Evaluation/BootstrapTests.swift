import TesseraTraining
import Testing

@Suite struct BootstrapTests {
  private func score(_ nats: [Double]) -> CorpusScore {
    CorpusScore(
      documents: nats.map { DocumentScore(bytes: 100, tokens: 30, nats: $0, endNats: 1) })
  }

  @Test func `the interval holds the value, and is narrow where documents agree`() throws {
    let mixed = score([50, 90, 130, 70, 110, 90])
    let interval = try #require(mixed.bitsPerByteInterval())
    #expect(interval.contains(mixed.bitsPerByte))
    #expect(interval.upperBound - interval.lowerBound > 0.1)
    let same = try #require(score([80, 80, 80]).bitsPerByteInterval())
    #expect(same.upperBound - same.lowerBound < 1e-12)
  }

  @Test func `the same seed gives the same interval, and one document gives none`() {
    let mixed = score([50, 90, 130])
    #expect(mixed.bitsPerByteInterval(seed: 3) == mixed.bitsPerByteInterval(seed: 3))
    #expect(score([50]).bitsPerByteInterval() == nil)
  }
}
