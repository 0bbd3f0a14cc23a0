import TesseraBasics
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite struct SplitMix64Tests {
  /// Vigna's `splitmix64.c` with the state 1234567.
  @Test func `gives the published numbers`() {
    var random = SplitMix64(seed: 1_234_567)
    let expected: [UInt64] = [
      6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
      4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
    ]
    #expect((0..<5).map { _ in random.next() } == expected)
  }

  @Test func `continues from a saved state`() {
    var random = SplitMix64(seed: 9)
    for _ in 0..<17 { _ = random.normal() }
    var copy = SplitMix64(seed: 0)
    copy.state = random.state
    #expect((0..<9).map { _ in copy.normal() } == (0..<9).map { _ in random.normal() })
  }

  @Test func `uniform numbers fill the unit interval`() {
    var random = SplitMix64(seed: 1)
    let values = (0..<100_000).map { _ in random.uniform() }
    #expect(values.allSatisfy { 0 <= $0 && $0 < 1 })
    // Mean 1/2 and variance 1/12, each within 5 standard errors.
    let mean = values.reduce(0, +) / 100_000
    #expect(abs(mean - 0.5) < 5 * 0.000_913)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 100_000
    #expect(abs(variance - 1.0 / 12) < 5 * 0.000_236)
  }

  @Test func `normal numbers have the moments of the normal distribution`() {
    var random = SplitMix64(seed: 2)
    let count = 200_000
    let values = (0..<count).map { _ in random.normal() }
    let error = 1 / Double(count).squareRoot()
    func moment(_ power: Int) -> Double {
      values.reduce(0) { sum, value in sum + (0..<power).reduce(1) { product, _ in product * value }
      }
        / Double(count)
    }
    // Moments 0, 1, 0, 3 with the standard errors 1, √2, √15, √96 over √count; 5 of them.
    #expect(abs(moment(1)) < 5 * error)
    #expect(abs(moment(2) - 1) < 5 * error * 1.42)
    #expect(abs(moment(3)) < 5 * error * 3.88)
    #expect(abs(moment(4) - 3) < 5 * error * 9.8)
  }

  @Test func `numbers below a bound are equally likely`() {
    var random = SplitMix64(seed: 3)
    for bound in [1, 2, 3, 7, 10] {
      var counts = [Int](repeating: 0, count: bound)
      for _ in 0..<bound * 10_000 { counts[random.below(bound)] += 1 }
      // Standard deviation below 100.
      #expect(counts.allSatisfy { abs($0 - 10_000) < 500 }, "bound \(bound)")
    }
    for _ in 0..<100 { #expect((0..<Int.max).contains(random.below(.max))) }
  }

  @Test func `a bound of zero stops the program`() async {
    await #expect(processExitsWith: .failure) {
      var random = SplitMix64(seed: 1)
      _ = random.below(0)
    }
  }

  @Test func `streams of a seed differ in every bit half of the time`() {
    var starts: Set<UInt64> = []
    var ones = 0
    for stream in 0..<10_000 as Range<UInt64> {
      var random = SplitMix64(seed: 5, stream: stream)
      var next = SplitMix64(seed: 5, stream: stream + 1)
      let value = random.next()
      starts.insert(value)
      ones += (value ^ next.next()).nonzeroBitCount
    }
    #expect(starts.count == 10_000)
    // 640,000 fair bits have a standard deviation of 400.
    #expect(abs(ones - 320_000) < 5 * 400)
    #expect(SplitMix64(seed: 1, stream: 2) != SplitMix64(seed: 2, stream: 1))
  }

  @Test func `the logarithm agrees with the C library`() {
    var random = SplitMix64(seed: 4)
    for _ in 0..<10_000 {
      let x = random.uniform() + 0x1p-60
      let expected = log(x)
      #expect(abs(naturalLogarithm(x) - expected) <= 2 * max(expected.ulp, 0x1p-54), "\(x)")
    }
    #expect(naturalLogarithm(1) == 0)
  }
}
