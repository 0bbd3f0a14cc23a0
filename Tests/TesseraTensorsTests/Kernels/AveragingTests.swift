import TesseraBasics
import TesseraTensors
import Testing

@Suite struct AveragingTests {
  private func vector(_ count: Int, seed: UInt64) -> [Float] {
    var random = SplitMix64(seed: seed)
    return (0..<count).map { _ in Float(random.normal()) }
  }

  @Test(arguments: [0, 1, 7, 1 << 15, (1 << 15) + 1, 100_000])
  func `moving toward values is the formula, element by element`(count: Int) {
    let (start, values) = (vector(count, seed: 1), vector(count, seed: 2))
    for share: Float in [0, 0.25, 0.001] {
      var mean = start
      moveToward(&mean, values, share: share)
      #expect(mean == zip(start, values).map { $0 + share * ($1 - $0) })
    }
    var mean = start
    moveToward(&mean, values, share: 1)
    #expect(mean == values)
  }

  @Test(arguments: [1, 2, 3, 5, 7, 64])
  func `a mean is the sum in order over the number, and that of equal vectors is any of them`(
    count: Int
  ) {
    let vectors = (0..<count).map { vector(40_000, seed: UInt64($0)) }
    let expected = vectors[0].indices.map { i in
      Float(vectors.reduce(0.0) { $0 + Double($1[i]) } / Double(count))
    }
    #expect(mean(of: vectors) == expected)
    #expect(mean(of: Array(repeating: vectors[0], count: count)) == vectors[0])
    var same = vectors[0]
    moveToward(&same, vectors[0], share: 0.3)
    #expect(same == vectors[0])
  }
}
