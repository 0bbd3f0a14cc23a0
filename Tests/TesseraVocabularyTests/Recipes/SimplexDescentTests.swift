import TesseraBasics
import Testing

@testable import TesseraVocabulary

@Suite struct SimplexDescentTests {
  /// A problem of some losses and weights, with products around zero.
  private func problem(_ losses: Int, _ weights: Int, seed: UInt64) -> SimplexDescent {
    var random = SplitMix64(seed: seed)
    return SimplexDescent(
      products: (0..<losses * weights).map { _ in Float(2 * random.normal()) },
      factors: (0..<losses).map { _ in random.uniform() + 0.01 },
      signs: (0..<losses).map { _ in random.below(2) == 0 ? -1 : 1 })
  }

  @Test func `no step raises the loss, and weights stay convex`() {
    for seed in 0..<5 {
      let problem = problem(30, 12, seed: UInt64(seed))
      var weights = [Double](repeating: 1.0 / 12, count: 12)
      for _ in 0..<60 {
        let next = problem.weights(from: weights, stepCount: 1)
        #expect(problem.loss(of: next) <= problem.loss(of: weights) + 1e-6)
        #expect(next.allSatisfy { $0 >= 0 } && abs(next.reduce(0, +) - 1) < 1e-12)
        weights = next
      }
    }
  }

  @Test func `the least loss of a grid is reached`() {
    for seed in 10..<14 {
      let problem = problem(15, 3, seed: UInt64(seed))
      var least = Double.infinity
      for i in 0...100 {
        for j in 0...(100 - i) {
          let weights = [Double(i) / 100, Double(j) / 100, Double(100 - i - j) / 100]
          least = min(least, problem.loss(of: weights))
        }
      }
      let found = problem.weights(from: [0.2, 0.3, 0.5], stepCount: 20_000)
      #expect(problem.loss(of: found) <= least + 1e-3)
    }
  }

  @Test func `a weight of zero stays, and products of zero change nothing`() {
    let found = problem(10, 3, seed: 1).weights(from: [0.5, 0, 0.5], stepCount: 50)
    #expect(found[1] == 0)
    let flat = SimplexDescent(products: [0, 0], factors: [1], signs: [1])
    #expect(flat.weights(from: [0.5, 0.5], stepCount: 3) == [0.5, 0.5])
  }

  @Test func `products that are not finite leave the start as it is`() {
    for value in [Float.infinity, -.infinity, .nan] {
      let broken = SimplexDescent(products: [1, value], factors: [1], signs: [1])
      #expect(broken.weights(from: [0.25, 0.75], stepCount: 3) == [0.25, 0.75])
    }
  }
}
