import TesseraBasics
import TesseraTensors
import Testing

@Suite struct AdamWTests {
  // Counts around a vector, and around the chunk that a call takes, 32,768.
  @Test(arguments: [1, 7, 8, 9, 1_000, 32_768, 70_001])
  func `agrees with the reference over several steps`(count: Int) {
    var random = SplitMix64(seed: 7)
    var parameters = random.floats(count)
    var first = [Float](repeating: 0, count: count)
    var second = first
    let probes = Set([0, count / 2, count - 1, min(count - 1, 32_768)])
    var expected = probes.map { ($0, Double(parameters[$0]), 0.0, 0.0) }
    for step in 1...5 {
      let gradient = random.floats(count)
      var p = parameters.mutableSpan
      var m = first.mutableSpan
      var v = second.mutableSpan
      adamW(
        parameters: &p, gradient: gradient.span, firstMoment: &m, secondMoment: &v,
        learningRate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-6, weightDecay: 0.1, step: step,
        gradientScale: 0.5)
      for i in expected.indices {
        var (index, parameter, m, v) = expected[i]
        adamWReference(
          parameter: &parameter, gradient: 0.5 * Double(gradient[index]), firstMoment: &m,
          secondMoment: &v, learningRate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-6,
          weightDecay: 0.1, step: step)
        expected[i] = (index, parameter, m, v)
      }
    }
    for (index, parameter, m, v) in expected {
      #expect(abs(Double(parameters[index]) - parameter) < 1e-5 * max(1, abs(parameter)))
      #expect(abs(Double(first[index]) - m) < 1e-6)
      #expect(abs(Double(second[index]) - v) < 1e-6)
    }
  }

  @Test func `a range leaves the rest as it was`() {
    var parameters: [Float] = [1, 2, 3, 4]
    var first: [Float] = [0, 0, 0, 0]
    var second: [Float] = [0, 0, 0, 0]
    let gradient: [Float] = [1, 1, 1, 1]
    var p = parameters.mutableSpan
    var m = first.mutableSpan
    var v = second.mutableSpan
    adamW(
      parameters: &p, gradient: gradient.span, firstMoment: &m, secondMoment: &v,
      learningRate: 0.5, weightDecay: 0, step: 1, range: 1..<3)
    #expect(parameters[0] == 1 && parameters[3] == 4)
    #expect(abs(parameters[1] - 1.5) < 1e-6 && abs(parameters[2] - 2.5) < 1e-6)
    #expect(first[0] == 0 && first[1] > 0 && second[3] == 0 && second[2] > 0)
  }

  @Test func `no parameters are no work`() {
    let gradient: [Float] = []
    var first: [Float] = []
    var p = first.mutableSpan
    var other: [Float] = []
    var m = other.mutableSpan
    var third: [Float] = []
    var v = third.mutableSpan
    adamW(
      parameters: &p, gradient: gradient.span, firstMoment: &m, secondMoment: &v,
      learningRate: 1, weightDecay: 0, step: 1)
  }
}

@Suite struct SumOfSquaresTests {
  @Test(arguments: [0, 1, 31, 511, 513, 32_768, 100_003])
  func `agrees with the sum in Double`(count: Int) {
    var random = SplitMix64(seed: 8)
    let values = random.floats(count)
    let expected = values.reduce(0.0) { $0 + Double($1) * Double($1) }
    #expect(abs(sumOfSquares(values.span) - expected) <= 1e-6 * expected)
  }
}
