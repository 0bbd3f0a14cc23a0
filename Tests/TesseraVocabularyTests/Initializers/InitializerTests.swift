import TesseraBasics
import TesseraCheckpoints
import TesseraTokenizers
import TesseraVocabulary
import Testing

@Suite struct InitializerTests {
  @Test func `pieces are the leaves of the merges`() {
    let merges = [
      NewMerge(left: 1, right: 2, result: 10, bytes: []),
      NewMerge(left: 10, right: 3, result: 11, bytes: []),
      NewMerge(left: 11, right: 10, result: 12, bytes: []),
      NewMerge(left: 4, right: 12, result: 13, bytes: []),
    ]
    let tokens = NewTokens(merges: merges, ids: NewTokenIDs(from: 10))
    #expect(Array(tokens.pieces(of: 0)) == [1, 2])
    #expect(Array(tokens.pieces(of: 1)) == [1, 2, 3])
    #expect(Array(tokens.pieces(of: 2)) == [1, 2, 3, 1, 2])
    #expect(Array(tokens.pieces(of: 3)) == [4, 1, 2, 3, 1, 2])
  }

  @Test func `the mean of pieces is uniform over occurrences`() throws {
    let base = try RandomMatrix(values: (0..<20).map { Float($0 * $0) }, width: 2)
    let merges = [
      NewMerge(left: 1, right: 1, result: 10, bytes: []),
      NewMerge(left: 10, right: 4, result: 11, bytes: []),
    ]
    let rows = try base.rows(
      of: SubwordMeanInitializer(), for: NewTokens(merges: merges, ids: NewTokenIDs(from: 10)))
    #expect(rows[0] == 4 && rows[1] == 9)
    #expect(abs(rows[2] - (4 + 4 + 64) / 3) < 1e-5)
    #expect(abs(rows[3] - (9 + 9 + 81) / 3) < 1e-5)
  }

  @Test func `random rows have the deviation of the configuration`() throws {
    let base = try RandomMatrix(rows: 10, width: 4)
    let statistics = try MatrixStatistics(of: base.matrix, rows: [0..<10])
    let tokens = NewTokens.random(count: 2, baseCount: 10)
    func noise(_ range: Double?) throws -> RowNoise {
      let context = try base.matrix.context(for: tokens, initializerRange: range)
      return RandomInitializer().recipes(for: .input, in: context, seed: 0).noise
    }
    #expect(try noise(0.02) == .isotropic(deviation: 0.02))
    #expect(try noise(nil) == .isotropic(deviation: statistics.overallDeviation))
  }

  @Test func `another seed gives other noise, the same seed the same`() throws {
    let base = try RandomMatrix(rows: 10, width: 4)
    let tokens = NewTokens.random(count: 5, baseCount: 10)
    for method in InitializationMethod.withoutInputs {
      let first = try base.rows(of: method.initializer(), for: tokens, seed: 1)
      #expect(try base.rows(of: method.initializer(), for: tokens, seed: 1) == first)
      let other = try base.rows(of: method.initializer(), for: tokens, seed: 2)
      #expect((other == first) == (method.staysInHull || method == .bil), "\(method)")
    }
  }

  @Test func `permuted base rows give the same new rows`() throws {
    let base = try RandomMatrix(rows: 32, width: 6)
    let tokens = NewTokens.random(count: 20, baseCount: 32)
    // Row i moves to (5 i + 3) mod 32.
    func moved(_ i: Int) -> Int { (5 * i + 3) % 32 }
    var values = base.values
    for i in 0..<32 {
      for k in 0..<6 { values[moved(i) * 6 + k] = base.values[i * 6 + k] }
    }
    let permuted = try RandomMatrix(values: values, width: 6)
    let merges = tokens.merges.map { merge in
      NewMerge(
        left: merge.left < 32 ? TokenID(moved(Int(merge.left))) : merge.left,
        right: merge.right < 32 ? TokenID(moved(Int(merge.right))) : merge.right,
        result: merge.result, bytes: [])
    }
    let same = NewTokens(merges: merges, ids: NewTokenIDs(from: 32))
    for method in InitializationMethod.withoutInputs {
      let a = try base.rows(of: method.initializer(), for: tokens, seed: 1)
      let b = try permuted.rows(of: method.initializer(), for: same, seed: 1)
      for (x, y) in zip(a, b) { #expect(abs(x - y) < 1e-5, "\(method)") }
    }
  }

  @Test func `a scaled base gives scaled rows`() throws {
    let base = try RandomMatrix(rows: 32, width: 6)
    let tokens = NewTokens.random(count: 20, baseCount: 32)
    let scaled = try RandomMatrix(values: base.values.map { 4 * $0 }, width: 6)
    for method in InitializationMethod.withoutInputs where method != .random {
      let a = try base.rows(of: method.initializer(), for: tokens, seed: 1)
      let b = try scaled.rows(of: method.initializer(), for: tokens, seed: 1)
      for (x, y) in zip(a, b) { #expect(abs(4 * x - y) < 1e-4, "\(method)") }
    }
  }

  @Test func `a rotated base gives rotated rows in the hull`() throws {
    let base = try RandomMatrix(rows: 32, width: 2)
    let tokens = NewTokens.random(count: 20, baseCount: 32)
    func rotated(_ values: [Float]) -> [Float] {
      var result: [Float] = []
      for i in stride(from: 0, to: values.count, by: 2) {
        let (x, y) = (values[i], values[i + 1])
        result.append(0.6 * x - 0.8 * y)
        result.append(0.8 * x + 0.6 * y)
      }
      return result
    }
    let turned = try RandomMatrix(values: rotated(base.values), width: 2)
    for method in ConvexHullTests.hullMethods {
      let a = rotated(try base.rows(of: method.initializer(), for: tokens))
      let b = try turned.rows(of: method.initializer(), for: tokens)
      for (x, y) in zip(a, b) { #expect(abs(x - y) < 1e-5, "\(method)") }
    }
  }
}
