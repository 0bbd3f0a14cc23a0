import TesseraBasics
import TesseraTraining
import Testing

@Suite struct MixtureTests {
  @Test(arguments: [[1.0], [0.75, 0.25], [0.99, 0.01], [0.5, 0.3, 0.15, 0.05], [1, 0, 2]])
  func `shares hold at every length within one sequence for each source`(weights: [Double]) {
    let mixture = Mixture(weights: weights)
    let sum = weights.reduce(0, +)
    var counts = [Int](repeating: 0, count: weights.count)
    for number in 0..<5_000 {
      #expect(mixture.counts(ofFirst: number) == counts)
      let (source, index) = mixture.slot(number)
      #expect(index == counts[source], "number \(number) of \(weights)")
      counts[source] += 1
      for (count, weight) in zip(counts, weights) {
        let expected = Double(number + 1) * weight / sum
        #expect(abs(Double(count) - expected) <= 1.01, "number \(number) of \(weights)")
      }
    }
  }

  @Test func `every batch of eight has its two sequences of replay`() {
    let mixture = Mixture(weights: [0.75, 0.25])
    for batch in 0..<100 {
      let sources = (0..<8).map { mixture.slot(batch * 8 + $0).source }
      #expect(sources.count { $0 == 1 } == 2)
    }
  }

  @Test func `a source without weight gives nothing`() {
    let mixture = Mixture(weights: [0, 1])
    #expect((0..<1_000).allSatisfy { mixture.slot($0).source == 1 })
    #expect(mixture.share(of: 0) == 0)
  }

  @Test func `weights need not add up to one`() {
    #expect(Mixture(weights: [3, 1]) == Mixture(weights: [0.75, 0.25]))
  }
}
