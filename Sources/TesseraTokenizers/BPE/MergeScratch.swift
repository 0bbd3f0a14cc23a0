// Merging one pre-token: from bytes to tokens.
//
// Always the pair with the smallest rank is merged, the leftmost of equal ones first, until no
// adjacent pair has a merge. Three ways, chosen by size, do the same:
//
//   short   merges of all adjacent pairs in an array; each step looks for the smallest one and
//           closes the gap: O(n^2) with a very small constant
//   middle  a linked list of tokens, and the smallest merge of every eight positions: a step looks at
//           one number for eight positions, and then at eight positions: O(n^2 / 8)
//   long    a linked list of tokens and a heap of (rank, position); an entry counts only if the
//           pair at its position still has that rank: O(n log n)
//
// `mergeReference` is the definition.

/// The memory in which pre-tokens are merged: 44 bytes for each of the longest one's, kept until
/// ``shrink(to:)``.
@safe
struct MergeScratch: ~Copyable {
  private var tokens: UnsafeMutablePointer<TokenID>
  private var merges: UnsafeMutablePointer<PairMerge>
  /// Positions after and before: not for the short way. The heap: for the long way only.
  private var following: UnsafeMutablePointer<UInt32>
  private var preceding: UnsafeMutablePointer<UInt32>
  private var heap: UnsafeMutablePointer<UInt64>
  private var longCapacity = 0
  /// The smallest merge of each block of positions: for the middle way only.
  private let minima: UnsafeMutablePointer<PairMerge>

  /// The size in bytes from which the middle way is faster.
  static let middleSize = 24
  /// The size in bytes from which the long way is faster, a multiple of ``blockSize``.
  static let longSize = 256
  /// Positions in a block.
  private static let blockSize = 8

  init() {
    unsafe tokens = .allocate(capacity: Self.longSize)
    unsafe merges = .allocate(capacity: Self.longSize)
    unsafe following = .allocate(capacity: Self.longSize)
    unsafe preceding = .allocate(capacity: Self.longSize)
    unsafe heap = .allocate(capacity: 1)
    unsafe minima = .allocate(capacity: Self.longSize / Self.blockSize)
  }

  deinit {
    unsafe tokens.deallocate()
    unsafe merges.deallocate()
    unsafe following.deallocate()
    unsafe preceding.deallocate()
    unsafe heap.deallocate()
    unsafe minima.deallocate()
  }

  /// Merges a pre-token.
  ///
  /// - Parameters:
  ///   - bytes: The pre-token.
  ///   - model: The merges.
  ///   - output: Room for as many tokens as there are bytes.
  /// - Returns: The number of tokens written to `output`.
  @unsafe
  mutating func merge(
    _ bytes: UnsafeBufferPointer<UInt8>, _ model: MergeTables.View,
    into output: UnsafeMutablePointer<TokenID>
  ) -> Int {
    // SAFETY: passed on as they came.
    switch bytes.count {
    case ..<Self.middleSize: unsafe mergeShort(bytes, model, into: output)
    case ..<Self.longSize: unsafe mergeMiddle(bytes, model, into: output)
    default: unsafe mergeLong(bytes, model, into: output)
    }
  }

  @unsafe
  func mergeShort(
    _ bytes: UnsafeBufferPointer<UInt8>, _ model: MergeTables.View,
    into output: UnsafeMutablePointer<TokenID>
  ) -> Int {
    // SAFETY: there are `count` tokens and `count - 1` merges, all below `longSize`; `best` and its
    // neighbors are compared with `count` before each access.
    var count = bytes.count
    if count == 0 { return 0 }
    let tokens = unsafe output
    let merges = unsafe self.merges
    for index in 0..<count {
      let byte = unsafe bytes[index]
      unsafe tokens[index] = model.token(of: byte)
      if index > 0 {
        unsafe merges[index - 1] = model.merge(first: bytes[index - 1], second: byte)
      }
    }
    while count > 1 {
      var best = 0
      var bestMerge = unsafe merges[0]
      for index in 1..<max(1, count - 1) {
        let merge = unsafe merges[index]
        if merge < bestMerge {
          bestMerge = merge
          best = index
        }
      }
      if bestMerge == .none { break }
      let merged = bestMerge.result
      unsafe tokens[best] = merged
      count -= 1
      for index in best + 1..<max(best + 1, count) {
        unsafe tokens[index] = unsafe tokens[index + 1]
        unsafe merges[index - 1] = unsafe merges[index]
      }
      if best > 0 { unsafe merges[best - 1] = model.merge(left: tokens[best - 1], right: merged) }
      if best + 1 < count {
        unsafe merges[best] = model.merge(left: merged, right: tokens[best + 1])
      }
    }
    return count
  }

  @unsafe
  func mergeMiddle(
    _ bytes: UnsafeBufferPointer<UInt8>, _ model: MergeTables.View,
    into output: UnsafeMutablePointer<TokenID>
  ) -> Int {
    // SAFETY: every array has room for `longSize` positions, a whole number of blocks, and there are
    // fewer bytes than that; positions come from these arrays and are below `count`, or are compared
    // with the marks for none before each access. A block's minimum is in the block.
    let count = bytes.count
    let none = UInt32.max
    let (tokens, merges, minima) = unsafe (self.tokens, self.merges, self.minima)
    let (following, preceding) = unsafe (self.following, self.preceding)
    for index in 0..<count {
      let byte = unsafe bytes[index]
      unsafe tokens[index] = model.token(of: byte)
      unsafe preceding[index] = index == 0 ? none : UInt32(index - 1)
      unsafe following[index] = index + 1 == count ? none : UInt32(index + 1)
      unsafe merges[index] =
        index + 1 == count ? .none : model.merge(first: byte, second: bytes[index + 1])
    }
    let blockCount = (count + Self.blockSize - 1) / Self.blockSize
    for index in count..<blockCount * Self.blockSize { unsafe merges[index] = .none }
    for block in 0..<blockCount { unsafe updateMinimum(ofBlock: block) }
    while true {
      var best = 0
      var bestMerge = unsafe minima[0]
      for block in 1..<max(1, blockCount) {
        let merge = unsafe minima[block]
        if merge < bestMerge {
          bestMerge = merge
          best = block
        }
      }
      if bestMerge == .none { break }
      var index = best * Self.blockSize
      while unsafe merges[index] != bestMerge { index += 1 }
      let merged = bestMerge.result
      let removed = unsafe Int(following[index])
      let after = unsafe following[removed]
      unsafe tokens[index] = merged
      unsafe following[index] = after
      unsafe merges[removed] = .none
      if after == none {
        unsafe merges[index] = .none
      } else {
        unsafe preceding[Int(after)] = UInt32(index)
        unsafe merges[index] = model.merge(left: merged, right: tokens[Int(after)])
      }
      unsafe updateMinimum(ofBlock: best)
      let removedBlock = removed / Self.blockSize
      if removedBlock != best { unsafe updateMinimum(ofBlock: removedBlock) }
      let before = unsafe preceding[index]
      if before != none {
        unsafe merges[Int(before)] = model.merge(left: tokens[Int(before)], right: merged)
        unsafe updateMinimum(ofBlock: Int(before) / Self.blockSize)
      }
    }
    var written = 0
    var position: UInt32 = 0
    while position != none {
      unsafe output[written] = unsafe tokens[Int(position)]
      written += 1
      position = unsafe following[Int(position)]
    }
    return written
  }

  @inline(__always)
  @unsafe
  private func updateMinimum(ofBlock block: Int) {
    // SAFETY: the caller's block is one of the positions'.
    let merges = unsafe self.merges + block * Self.blockSize
    let first = unsafe min(min(merges[0], merges[1]), min(merges[2], merges[3]))
    let second = unsafe min(min(merges[4], merges[5]), min(merges[6], merges[7]))
    unsafe minima[block] = min(first, second)
  }

  @unsafe
  mutating func mergeLong(
    _ bytes: UnsafeBufferPointer<UInt8>, _ model: MergeTables.View,
    into output: UnsafeMutablePointer<TokenID>
  ) -> Int {
    let count = bytes.count
    if count == 0 { return 0 }
    // Positions share a word with ranks; see `EncoderLimits.mergeSize`.
    precondition(count < Int(UInt32.max), "what is merged at once has less than 4 GiB")
    reserveLong(count)
    // SAFETY: every array has room for `count` (the heap for three times as many: each of fewer
    // than `count` merges adds two); positions come from these arrays and are below `count`, or
    // `none`, which is compared before each access.
    let none = UInt32.max
    let tokens = unsafe self.tokens
    let merges = unsafe self.merges
    let following = unsafe self.following
    let preceding = unsafe self.preceding
    var heap = unsafe RankHeap(storage: self.heap)
    for index in 0..<count {
      let byte = unsafe bytes[index]
      unsafe tokens[index] = model.token(of: byte)
      unsafe preceding[index] = index == 0 ? none : UInt32(index - 1)
      unsafe following[index] = index + 1 == count ? none : UInt32(index + 1)
      let merge =
        index + 1 == count ? .none : unsafe model.merge(first: byte, second: bytes[index + 1])
      unsafe merges[index] = merge
      if merge != .none { heap.appendUnordered(rank: merge.rank, position: UInt32(index)) }
    }
    heap.order()
    while let (rank, position) = heap.removeFirst() {
      let index = Int(position)
      let merge = unsafe merges[index]
      // The pair has changed since, or is gone.
      if merge == .none || merge.rank != rank { continue }
      let merged = merge.result
      unsafe tokens[index] = merged
      let removed = unsafe Int(following[index])
      let after = unsafe following[removed]
      unsafe merges[removed] = .none
      unsafe following[index] = after
      var mergeAfter = PairMerge.none
      if after != none {
        unsafe preceding[Int(after)] = position
        mergeAfter = unsafe model.merge(left: merged, right: tokens[Int(after)])
        if mergeAfter != .none { heap.insert(rank: mergeAfter.rank, position: position) }
      }
      unsafe merges[index] = mergeAfter
      let before = unsafe preceding[index]
      if before != none {
        let mergeBefore = unsafe model.merge(left: tokens[Int(before)], right: merged)
        unsafe merges[Int(before)] = mergeBefore
        if mergeBefore != .none { heap.insert(rank: mergeBefore.rank, position: before) }
      }
    }
    var written = 0
    var position: UInt32 = 0
    while position != none {
      unsafe output[written] = unsafe tokens[Int(position)]
      written += 1
      position = unsafe following[Int(position)]
    }
    return written
  }

  /// Gives back the memory of pre-tokens above a size.
  mutating func shrink(to size: Int) {
    if longCapacity > size { allocateLong(max(size, Self.longSize)) }
  }

  private mutating func reserveLong(_ count: Int) {
    if count > longCapacity { allocateLong(max(count, min(longCapacity * 2, 1 << 18))) }
  }

  /// Makes room for a number of bytes, at least ``longSize``; what was in the memory is lost.
  private mutating func allocateLong(_ newCapacity: Int) {
    longCapacity = newCapacity
    unsafe tokens.deallocate()
    unsafe merges.deallocate()
    unsafe following.deallocate()
    unsafe preceding.deallocate()
    unsafe heap.deallocate()
    unsafe tokens = .allocate(capacity: longCapacity)
    unsafe merges = .allocate(capacity: longCapacity)
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
