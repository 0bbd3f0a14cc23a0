internal import TesseraBasics
internal import TesseraTokenizers

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Tokens as they are drawn to stand for all that does not occur beside a token.
///
/// Token t is drawn in proportion to count(t)^0.75. The draws are those of systematic sampling: one number
/// is random, the rest lies evenly behind it, so a sample has every token about as often as it should.
///
/// Mikolov et al., "Distributed Representations of Words and Phrases and their Compositionality", 2013,
/// arXiv:1310.4546, for the power.
struct NegativeSample: Sendable {
  /// The tokens, in random order.
  let tokens: [TokenID]

  /// Draws tokens; none if there is nothing to draw.
  init(counts: [Int], size: Int, seed: UInt64) {
    let weights = counts.map { pow(Double($0), 0.75) }
    let total = weights.reduce(0, +)
    guard total > 0 else {
      tokens = []
      return
    }
    var random = SplitMix64(seed: seed)
    let offset = random.uniform()
    var drawn: [TokenID] = []
    var sum = 0.0
    for (token, weight) in weights.enumerated() {
      sum += weight
      while drawn.count < size, (Double(drawn.count) + offset) / Double(size) * total < sum {
        drawn.append(TokenID(token))
      }
    }
    // Sets of neighbors in the order of IDs would be alike.
    for i in stride(from: drawn.count - 1, to: 0, by: -1) {
      drawn.swapAt(i, random.below(i + 1))
    }
    tokens = drawn
  }
}
