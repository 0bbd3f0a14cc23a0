// Merging one pre-token: from bytes to tokens.
//
// Always the pair with the smallest rank is merged, the leftmost of equal ones first, until no
// adjacent pair has a merge. Three ways, chosen by size, do the same:
//
//   kernel  up to 16 tokens: the short way in two registers, where the processor can
//   short   the ranks of all adjacent pairs in an array; each step looks for the smallest one and
//           closes the gap: O(n^2) with a very small constant
//   long    a linked list of tokens and a heap of (rank, position); an entry counts only if the
//           pair at its position still has that rank: O(n log n)
//
// Most pre-tokens need neither: see ``TokenSearch``.
//
// `mergeReference` is the definition.

/// The memory in which pre-tokens are merged: 36 bytes for each of the longest one's, kept until
/// ``shrink(to:)``.
@safe
struct MergeScratch: ~Copyable {
  /// The rank of the merge of each token with the next one.
  private var ranks: UnsafeMutablePointer<UInt32>
  /// Positions after and before, and the heap: for the long way only.
  private var following: UnsafeMutablePointer<UInt32>
  private var preceding: UnsafeMutablePointer<UInt32>
  private var heap: UnsafeMutablePointer<UInt64>
  private var longCapacity = 0
  private let kernel: MergeKernel?

  /// The most tokens that the short way is faster for.
  static let shortCount = 64

  /// - Parameter kernel: What merges few tokens, if the processor can.
  init(_ kernel: MergeKernel? = .best) {
    self.kernel = kernel
    unsafe ranks = .allocate(capacity: Self.shortCount)
    unsafe following = .allocate(capacity: 1)
    unsafe preceding = .allocate(capacity: 1)
    unsafe heap = .allocate(capacity: 1)
  }

  deinit {
    unsafe ranks.deallocate()
    unsafe following.deallocate()
    unsafe preceding.deallocate()
    unsafe heap.deallocate()
  }

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
      ? unsafe mergeShort(tokens, count, model) : unsafe mergeLong(tokens, count, model)
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

  @unsafe
  private mutating func mergeLong(
    _ tokens: UnsafeMutablePointer<TokenID>, _ count: Int, _ model: MergeTables.View
  ) -> Int {
    // Positions share a word with ranks; see `EncoderLimits.mergeSize`.
    precondition(count < Int(UInt32.max), "what is merged at once has less than 4 GiB")
    reserveLong(count)
    // SAFETY: every array has room for `count` (the heap for three times as many: each of fewer
    // than `count` merges adds two); positions come from these arrays and are below `count`, or
    // `none`, which is compared before each access.
    let none = UInt32.max
    let ranks = unsafe self.ranks
    let following = unsafe self.following
    let preceding = unsafe self.preceding
    let noRank = MergeTables.View.none
    var heap = unsafe RankHeap(storage: self.heap)
    for index in 0..<count {
      unsafe preceding[index] = index == 0 ? none : UInt32(index - 1)
      unsafe following[index] = index + 1 == count ? none : UInt32(index + 1)
      let rank = index + 1 == count ? noRank : unsafe model.rank(tokens[index], tokens[index + 1])
      unsafe ranks[index] = rank
      if rank != noRank { heap.appendUnordered(rank: rank, position: UInt32(index)) }
    }
    heap.order()
    while let (rank, position) = heap.removeFirst() {
      let index = Int(position)
      // The pair has changed since, or is gone.
      if unsafe ranks[index] != rank { continue }
      let merged = model.result(of: rank)
      unsafe tokens[index] = merged
      let removed = unsafe Int(following[index])
      let after = unsafe following[removed]
      unsafe ranks[removed] = noRank
      unsafe following[index] = after
      var rankAfter = noRank
      if after != none {
        unsafe preceding[Int(after)] = position
        rankAfter = unsafe model.rank(merged, tokens[Int(after)])
        if rankAfter != noRank { heap.insert(rank: rankAfter, position: position) }
      }
      unsafe ranks[index] = rankAfter
      let before = unsafe preceding[index]
      if before != none {
        let rankBefore = unsafe model.rank(tokens[Int(before)], merged)
        unsafe ranks[Int(before)] = rankBefore
        if rankBefore != noRank { heap.insert(rank: rankBefore, position: before) }
      }
    }
    var written = 0
    var position: UInt32 = 0
    while position != none {
      unsafe tokens[written] = unsafe tokens[Int(position)]
      written += 1
      position = unsafe following[Int(position)]
    }
    return written
  }

  /// Gives back the memory of pre-tokens above a size.
  mutating func shrink(to size: Int) {
    if longCapacity > size { allocateLong(max(size, Self.shortCount)) }
  }

  private mutating func reserveLong(_ count: Int) {
    if count > longCapacity { allocateLong(max(count, min(longCapacity * 2, 1 << 18))) }
  }

  /// Makes room for a number of bytes, at least ``shortCount``; what was in the memory is lost.
  private mutating func allocateLong(_ newCapacity: Int) {
    longCapacity = newCapacity
    unsafe ranks.deallocate()
    unsafe following.deallocate()
    unsafe preceding.deallocate()
    unsafe heap.deallocate()
    unsafe ranks = .allocate(capacity: longCapacity)
    unsafe following = .allocate(capacity: longCapacity)
    unsafe preceding = .allocate(capacity: longCapacity)
    unsafe heap = .allocate(capacity: longCapacity * 3)
  }
}

/// A binary heap of ranks and positions, the smallest rank first, then the smallest position.
@safe
private struct RankHeap {
  private let storage: UnsafeMutablePointer<UInt64>
  private var count = 0

  /// - Precondition: There is room for every entry that will be inserted.
  @unsafe
  init(storage: UnsafeMutablePointer<UInt64>) { unsafe self.storage = storage }

  /// Adds an entry; ``order()`` must follow before anything is removed.
  @inline(__always)
  mutating func appendUnordered(rank: UInt32, position: UInt32) {
    // SAFETY: the initializer's caller has seen to the room.
    unsafe storage[count] = UInt64(rank) << 32 | UInt64(position)
    count += 1
  }

  mutating func order() {
    for index in stride(from: count / 2 - 1, through: 0, by: -1) {
      // SAFETY: `index` is below `count`.
      sink(unsafe storage[index], from: index)
    }
  }

  @inline(__always)
  mutating func insert(rank: UInt32, position: UInt32) {
    let entry = UInt64(rank) << 32 | UInt64(position)
    var hole = count
    count += 1
    // SAFETY: `hole` is below `count`, and so is its parent.
    while hole > 0 {
      let parent = (hole - 1) / 2
      let other = unsafe storage[parent]
      if other <= entry { break }
      unsafe storage[hole] = other
      hole = parent
    }
    unsafe storage[hole] = entry
  }

  @inline(__always)
  mutating func removeFirst() -> (rank: UInt32, position: UInt32)? {
    if count == 0 { return nil }
    // SAFETY: there is a first and a last entry.
    let first = unsafe storage[0]
    count -= 1
    if count > 0 { sink(unsafe storage[count], from: 0) }
    return (UInt32(first >> 32), UInt32(truncatingIfNeeded: first))
  }

  /// Puts an entry at `index` or below, moving smaller entries up.
  @inline(__always)
  private func sink(_ entry: UInt64, from index: Int) {
    var hole = index
    // SAFETY: every index is compared with `count`.
    while true {
      var child = hole * 2 + 1
      if child >= count { break }
      if child + 1 < count, unsafe storage[child + 1] < storage[child] { child += 1 }
      if unsafe storage[child] >= entry { break }
      unsafe storage[hole] = unsafe storage[child]
      hole = child
    }
    unsafe storage[hole] = entry
  }
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
