import TesseraBasics
import Testing

@testable import TesseraVocabulary

@Suite struct HighestRowsTests {
  @Test func `the highest rows are those of a sort`() {
    var random = SplitMix64(seed: 2)
    let scores = (0..<2_000).map { _ in Float(random.below(300)) }
    for limit in [0, 1, 7, 128, 5_000] {
      var highest = HighestRows(limit: limit)
      for (row, score) in scores.enumerated() { highest.add(row, score: score) }
      let expected = scores.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }.prefix(limit)
      #expect(highest.rows == Array(expected))
    }
  }

  @Test func `scores that are not finite do not count`() {
    var highest = HighestRows(limit: 3)
    for row in 0..<200 { highest.add(row, score: Float(row)) }
    highest.add(200, score: .nan)
    highest.add(201, score: .infinity)
    #expect(highest.rows == [199, 198, 197])
  }
}
