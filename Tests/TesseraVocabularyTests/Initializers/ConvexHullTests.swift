import TesseraBasics
import TesseraCheckpoints
import TesseraTokenizers
import TesseraVocabulary
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What holds for methods whose rows are convex combinations of base rows.
@Suite struct ConvexHullTests {
  static let hullMethods = InitializationMethod.withoutInputs.filter { $0.staysInHull }

  @Test func `methods declare whether they stay in the hull`() throws {
    #expect(
      Self.hullMethods == [
        .mean, .subwordMean, .lengthWeighted, .firstLast, .eeve, .adaptiVocab, .mergeTree, .copy,
      ])
    let base = try RandomMatrix(rows: 30, width: 4)
    let context = try base.matrix.context(
      for: .random(count: 20, baseCount: 30), initializerRange: 0.02)
    for method in InitializationMethod.withoutInputs {
      for role in MatrixRole.allCases {
        let recipes = try method.initializer().recipes(for: role, in: context, seed: 1)
        #expect(recipes.count == 20)
        // One method leaves it in one matrix only.
        let isConvex = method.staysInHull || (method == .bil && role == .output)
        #expect(recipes.areConvex == isConvex, "\(method)")
      }
    }
  }

  @Test(arguments: hullMethods)
  func `rows are inside all projections of the base`(method: InitializationMethod) throws {
    let base = try RandomMatrix(rows: 30, width: 6)
    let tokens = NewTokens.random(count: 20, baseCount: 30)
    let rows = try base.rows(of: method.initializer(), for: tokens)
    var random = SplitMix64(seed: 9)
    for k in 0..<1_006 {
      // The coordinates first, then random directions.
      let direction = (0..<6).map { i in
        k < 6 ? (i == k ? 1 : 0) : random.normal()
      }
      let old = products(base.values, direction)
      let new = products(rows, direction)
      let slack = 1e-5 * (1 + max(-old.min()!, old.max()!))
      #expect(new.min()! >= old.min()! - slack && new.max()! <= old.max()! + slack)
    }
  }

  @Test(arguments: hullMethods)
  func `the most likely token stays the most likely`(method: InitializationMethod) throws {
    let base = try RandomMatrix(rows: 100, width: 8)
    let tokens = NewTokens.random(count: 50, baseCount: 100)
    let rows = try base.rows(of: method.initializer(), for: tokens, role: .output)
    var random = SplitMix64(seed: 2)
    for _ in 0..<300 {
      let state = (0..<8).map { _ in 3 * random.normal() }
      let old = products(base.values, state)
      let new = products(rows, state)
      // Rows are rounded to single precision; the logits differ by that much.
      #expect(new.max()! <= old.max()! + 1e-5 * (1 + abs(old.max()!)))
    }
  }

  /// The probability that goes to new tokens is bounded by the weights of the recipes, and the
  /// divergence from the base is a function of it.
  @Test(arguments: hullMethods)
  func `the probability of new tokens is bounded`(method: InitializationMethod) throws {
    let n = 120
    let base = try RandomMatrix(rows: n, width: 10)
    let tokens = NewTokens.random(count: 50, baseCount: n)
    let context = try base.matrix.context(for: tokens)
    let recipes = try method.initializer().recipes(for: .output, in: context, seed: 0)
    let rows = try base.rows(of: method.initializer(), for: tokens, role: .output)
    var weights = [Double](repeating: 0, count: n)
    for recipe in recipes {
      for i in 0..<n { weights[i] += recipe.meanWeight / Double(n) }
      for term in recipe.terms { weights[term.row] += term.weight }
    }
    var random = SplitMix64(seed: 3)
    for _ in 0..<100 {
      let state = (0..<10).map { _ in 2 * random.normal() }
      let old = products(base.values, state).map { exp($0) }
      let new = products(rows, state).map { exp($0) }
      let total = old.reduce(0, +)
      let probabilities = old.map { $0 / total }
      let ratio = new.reduce(0, +) / total
      let bound = zip(weights, probabilities).reduce(0) { $0 + $1.0 * $1.1 }
      #expect(ratio <= bound * (1 + 1e-5))
      #expect(bound <= 50 * probabilities.max()! * (1 + 1e-12))
      let extended = total + new.reduce(0, +)
      let divergence = zip(probabilities, old).reduce(0) { sum, pair in
        sum + pair.0 * log(pair.0 / (pair.1 / extended))
      }
      #expect(abs(divergence - log(1 + ratio)) < 1e-12)
      if method == .mean { #expect(divergence <= log(1 + 50 / Double(n)) + 1e-6) }
    }
  }

  /// At scale 1 a new row is as likely as any other to be the best; near the mean it never is.
  @Test func `noise with the base's covariance takes the lead in its share of states`() throws {
    let base = try RandomMatrix(rows: 200, width: 8)
    let tokens = NewTokens.random(count: 50, baseCount: 200)
    func share(_ scale: Double) throws -> Double {
      let rows = try base.rows(of: MultivariateInitializer(scale: scale), for: tokens)
      var random = SplitMix64(seed: 8)
      var lead = 0
      for _ in 0..<500 {
        let state = (0..<8).map { _ in random.normal() }
        if products(rows, state).max()! > products(base.values, state).max()! { lead += 1 }
      }
      return Double(lead) / 500
    }
    #expect(try share(1e-5) == 0)
    // m / (n + m) is 0.2.
    #expect((0.1...0.3).contains(try share(1)))
  }
}
