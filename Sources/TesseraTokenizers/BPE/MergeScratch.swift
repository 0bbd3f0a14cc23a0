// Merging one pre-token: from bytes to tokens.
//
// Always the pair with the smallest rank is merged, the leftmost of equal ones first, until no
// adjacent pair has a merge. Three ways, chosen by size, do the same:
//
//   kernel  up to 16 tokens: the short way in two registers, where the processor can
//   short   the ranks of all adjacent pairs in an array; each step looks for the smallest one and
//           closes the gap: O(n^2) with a very small constant
//   long    a part of some hundred tokens after another: see ``WindowMerge``
//
// Most pre-tokens need neither: see ``TokenSearch``.
//
// `mergeReference` is the definition.

/// The memory in which pre-tokens are merged.
@safe
struct MergeScratch: ~Copyable {
  /// The rank of the merge of each token with the next one, for the short way.
  private let ranks: UnsafeMutablePointer<UInt32>
  /// The long way.
  private var long = WindowMerge()
  private let kernel: MergeKernel?

  /// The most tokens that the short way is faster for.
  static let shortCount = 64

  /// - Parameter kernel: What merges few tokens, if the processor can.
  init(_ kernel: MergeKernel? = .best) {
    self.kernel = kernel
    unsafe ranks = .allocate(capacity: Self.shortCount)
  }

  deinit { unsafe ranks.deallocate() }

  /// How many tokens the long way has looked at, for tests.
  var longWork: Int { long.work }

  /// Merges tokens in their place.
  ///
  /// - Parameters:
  ///   - tokens: The tokens, less than 2³² of them.
  ///   - count: How many there are.
  ///   - model: The merges.
  /// - Returns: The number of tokens that are left.
  @unsafe
  mutating func merge(
    _ tokens: UnsafeMutablePointer<TokenID>, _ count: Int, _ model: MergeTables.View
  ) -> Int {
    // SAFETY: passed on as they came.
    if let kernel, MergeKernel.counts.contains(count) {
      return unsafe kernel.merge(tokens, count, model)
    }
    return count <= Self.shortCount
      ? unsafe mergeShort(tokens, count, model) : unsafe long.merge(tokens, count, model)
  }

  /// Merges bytes.
  ///
  /// - Parameter output: Room for as many tokens as there are bytes.
  /// - Returns: The number of tokens written to `output`.
  @unsafe
  mutating func merge(
    _ bytes: UnsafeBufferPointer<UInt8>, _ model: MergeTables.View,
    into output: UnsafeMutablePointer<TokenID>
  ) -> Int {
    // SAFETY: there is room for a token for each byte.
    for index in bytes.indices { unsafe output[index] = model.token(of: bytes[index]) }
    return unsafe merge(output, bytes.count, model)
  }

  @unsafe
  private func mergeShort(
    _ tokens: UnsafeMutablePointer<TokenID>, _ tokenCount: Int, _ model: MergeTables.View
  ) -> Int {
    // SAFETY: there are `count` tokens and `count - 1` ranks, for which there is room; `best` and
    // its neighbors are compared with `count` before each access.
    var count = tokenCount
    let ranks = unsafe self.ranks
    for index in 1..<max(1, count) {
      unsafe ranks[index - 1] = model.rank(tokens[index - 1], tokens[index])
    }
    while count > 1 {
      var best = 0
      var bestRank = unsafe ranks[0]
      for index in 1..<max(1, count - 1) {
        let rank = unsafe ranks[index]
        best = rank < bestRank ? index : best
        bestRank = min(rank, bestRank)
      }
      if bestRank == MergeTables.View.none { break }
      let merged = model.result(of: bestRank)
      unsafe tokens[best] = merged
      count -= 1
      for index in best + 1..<max(best + 1, count) {
        unsafe tokens[index] = unsafe tokens[index + 1]
        unsafe ranks[index - 1] = unsafe ranks[index]
      }
      if best > 0 { unsafe ranks[best - 1] = model.rank(tokens[best - 1], merged) }
      if best + 1 < count { unsafe ranks[best] = model.rank(merged, tokens[best + 1]) }
    }
    return count
  }

  /// Gives back the memory of pre-tokens above a size.
  mutating func shrink(to size: Int) { long.shrink(to: size) }
}

/// The definition of encoding a pre-token: look at all pairs, merge the best, start again.
///
/// - Complexity: O(*n*²) time.
package func mergeReference(_ preToken: [UInt8], _ model: BPEModel) -> [TokenID] {
  if model.semantics != .merges, let whole = model.tokens.id(of: preToken) { return [whole] }
  var ranks: [Merge: Int] = [:]
  for (rank, merge) in model.merges.enumerated() {
    ranks[Merge(left: merge.left, right: merge.right, result: 0)] = rank
  }
  var tokens = preToken.compactMap { model.tokens.id(of: [$0]) }
  while true {
    var best: (rank: Int, index: Int, result: TokenID)?
    for index in 0..<max(0, tokens.count - 1) {
      let pair = Merge(left: tokens[index], right: tokens[index + 1], result: 0)
      if model.semantics == .ranks {
        if let id = model.tokens.id(joining: pair.left, pair.right), Int(id) < best?.rank ?? .max {
          best = (Int(id), index, id)
        }
      } else if let rank = ranks[pair], rank < best?.rank ?? .max {
        best = (rank, index, model.merges[rank].result)
      }
    }
    guard let best else { return tokens }
    tokens.replaceSubrange(best.index...best.index + 1, with: [best.result])
  }
}
