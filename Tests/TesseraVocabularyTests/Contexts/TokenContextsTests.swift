import TesseraBasics
import TesseraTokenizers
import Testing

@testable import TesseraVocabulary

@Suite struct TokenContextsTests {
  /// Documents of tokens 0 ..< 12, of which those from 8 on are new.
  private static let documents: [[TokenID]] = {
    var random = SplitMix64(seed: 3)
    return (0..<20).map { i in (0..<i).map { _ in TokenID(random.below(12)) } }
  }()

  /// The neighbors by their definition.
  private func expected(
    _ token: TokenID, window: Int, importance: [Double]
  ) -> [TokenID: Double] {
    var weights: [TokenID: Double] = [:]
    for document in Self.documents {
      for (i, a) in document.enumerated() where a == token {
        for (j, b) in document.enumerated() where i != j && abs(i - j) <= window {
          let weight = Double(window - abs(i - j) + 1) * importance[Int(b)]
          if weight > 0 { weights[b, default: 0] += weight }
        }
      }
    }
    let total = weights.values.reduce(0, +)
    return weights.mapValues { $0 / total }
  }

  @Test(arguments: [1, 3, 50])
  func `neighbors are those of each document alone`(window: Int) {
    let contexts = TokenContexts(Self.documents, ids: NewTokenIDs(from: 8), newTokenCount: 4)
    var importance = (0..<12).map { 1 / Double(1 + $0) }
    importance[5] = 0
    for index in 0..<4 {
      let found = contexts.neighbors(of: index, window: window, limit: 100, importance: importance)
      let expected = expected(TokenID(8 + index), window: window, importance: importance)
      #expect(Set(found.map(\.token)) == Set(expected.keys))
      for neighbor in found {
        #expect(abs(neighbor.weight - expected[neighbor.token]!) < 1e-12)
      }
      let order = found.sorted { ($1.weight, $0.token) < ($0.weight, $1.token) }
      #expect(found == order)
    }
  }

  @Test func `counts are those of all tokens`() {
    let contexts = TokenContexts(Self.documents, ids: NewTokenIDs(from: 8), newTokenCount: 4)
    for token in 0..<12 {
      #expect(contexts.counts[token] == Self.documents.joined().count { $0 == TokenID(token) })
    }
  }

  @Test func `the neighbors that count most add up to one`() {
    let contexts = TokenContexts(Self.documents, ids: NewTokenIDs(from: 8), newTokenCount: 4)
    let importance = [Double](repeating: 1, count: 12)
    let all = contexts.neighbors(of: 1, window: 2, limit: 100, importance: importance)
    let some = contexts.neighbors(of: 1, window: 2, limit: 3, importance: importance)
    #expect(some.map(\.token) == all.prefix(3).map(\.token))
    #expect(abs(some.reduce(0) { $0 + $1.weight } - 1) < 1e-12)
  }

  @Test func `a token that stands nowhere has no neighbors`() {
    let contexts = TokenContexts([[1, 2], [], [9]], ids: NewTokenIDs(from: 8), newTokenCount: 4)
    let importance = [Double](repeating: 1, count: 12)
    for index in 0..<4 {
      #expect(
        contexts.neighbors(of: index, window: 2, limit: 3, importance: importance).isEmpty)
    }
  }

  @Test func `negatives are drawn by the power of their counts`() {
    let counts = [0, 1, 16, 81, 0, 256]
    let tokens = NegativeSample(counts: counts, size: 10_000, seed: 5).tokens
    #expect(tokens.count == 10_000)
    // Powers 1, 8, 27 and 64 of 100.
    for (token, expected) in [0, 100, 800, 2_700, 0, 6_400].enumerated() {
      #expect(abs(tokens.count { $0 == TokenID(token) } - expected) <= 1)
    }
    #expect(NegativeSample(counts: counts, size: 10_000, seed: 5).tokens == tokens)
    #expect(NegativeSample(counts: counts, size: 10_000, seed: 6).tokens != tokens)
    #expect(NegativeSample(counts: [0, 0], size: 10, seed: 0).tokens.isEmpty)
  }
}
