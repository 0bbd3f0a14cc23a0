import TesseraBasics
import TesseraCorpora
import Testing

@Suite struct HeldOutSplitTests {
  private let documents = (0..<20_000).map { Array("document number \($0)".utf8) }

  @Test(arguments: [0, 0.001, 0.01, 0.1, 0.5, 0.9, 1])
  func `holds out about the chosen share`(fraction: Double) {
    let split = HeldOutSplit(fraction: fraction)
    let count = documents.filter(split.isHeldOut).count
    let expected = 20_000 * fraction
    // Five standard deviations of the binomial distribution.
    #expect(abs(Double(count) - expected) <= 5 * (expected * (1 - fraction)).squareRoot())
  }

  @Test func `a larger share holds out all that a smaller one does`() {
    let small = HeldOutSplit(fraction: 0.05)
    let large = HeldOutSplit(fraction: 0.2)
    for document in documents where small.isHeldOut(document) {
      #expect(large.isHeldOut(document))
    }
  }

  @Test func `another seed holds out others`() {
    let a = HeldOutSplit(fraction: 0.5, seed: 1)
    let b = HeldOutSplit(fraction: 0.5, seed: 2)
    let count = documents.filter { a.isHeldOut($0) == b.isHeldOut($0) }.count
    #expect(abs(count - 10_000) < 400)
  }

  @Test func `agrees with the hash of pieces`() {
    let split = HeldOutSplit(fraction: 0.3, seed: 7)
    for document in documents.prefix(200) {
      var hash = StableHash(seed: 7)
      hash.update(Array(document.prefix(5)))
      hash.update(Array(document.dropFirst(5)))
      #expect(split.isHeldOut(hash: hash.finalize()) == split.isHeldOut(document))
    }
  }
}
