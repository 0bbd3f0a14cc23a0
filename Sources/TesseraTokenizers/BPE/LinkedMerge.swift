/// Merges tokens in a linked list, with a heap of ranks and positions: O(*n* log *n*) time.
///
/// An entry of the heap counts only if the pair at its position still has that rank.
@safe
struct LinkedMerge: ~Copyable {
  /// The tokens, each where its first part was.
  private var tokens: UnsafeMutablePointer<TokenID>
  /// The rank of the merge of each token with the next one.
  private var ranks: UnsafeMutablePointer<UInt32>
  /// Positions after and before.
  private var following: UnsafeMutablePointer<UInt32>
  private var preceding: UnsafeMutablePointer<UInt32>
  private var heap: UnsafeMutablePointer<UInt64>
  private var capacity = 1

  /// What stands for no position.
  static let none = UInt32.max

  init() {
    unsafe tokens = .allocate(capacity: 1)
    unsafe ranks = .allocate(capacity: 1)
    unsafe following = .allocate(capacity: 1)
    unsafe preceding = .allocate(capacity: 1)
    unsafe heap = .allocate(capacity: 3)
  }

  deinit {
    unsafe tokens.deallocate()
    unsafe ranks.deallocate()
    unsafe following.deallocate()
    unsafe preceding.deallocate()
    unsafe heap.deallocate()
  }

  /// Merges a copy of tokens.
  ///
  /// - Parameters:
  ///   - input: The tokens, at least one and less than 2³² of them.
  ///   - count: How many there are.
  ///   - model: The merges.
  @unsafe
  mutating func merge(_ input: UnsafePointer<TokenID>, _ count: Int, _ model: MergeTables.View) {
    // Positions share a word with ranks; see `EncoderLimits.mergeSize`.
    precondition(count < Int(UInt32.max), "what is merged at once has less than 4 GiB")
    if count > capacity { allocate(max(count, min(capacity * 2, 1 << 18))) }
    // SAFETY: every array has room for `count` (the heap for three times as many: each of fewer
    // than `count` merges adds two); positions come from these arrays and are below `count`, or
    // `none`, which is compared before each access.
    let none = Self.none
    let tokens = unsafe self.tokens
    let ranks = unsafe self.ranks
    let following = unsafe self.following
    let preceding = unsafe self.preceding
    let noRank = MergeTables.View.none
    unsafe tokens.update(from: input, count: count)
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
  }

  /// The token that was merged at a position, and where the next one begins; positions begin at 0 and
  /// end with ``none``.
  ///
  /// - Precondition: A token begins at the position.
  @inline(__always)
  func token(at position: UInt32) -> (id: TokenID, next: UInt32) {
    // SAFETY: as the precondition says.
    unsafe (tokens[Int(position)], following[Int(position)])
  }

  /// Gives back the memory of more tokens than so many.
  mutating func shrink(to count: Int) {
    if capacity > count { allocate(max(count, 1)) }
  }

  /// Makes room for a number of tokens; what was in the memory is lost.
  private mutating func allocate(_ newCapacity: Int) {
    capacity = newCapacity
    unsafe tokens.deallocate()
    unsafe ranks.deallocate()
    unsafe following.deallocate()
    unsafe preceding.deallocate()
    unsafe heap.deallocate()
    unsafe tokens = .allocate(capacity: capacity)
    unsafe ranks = .allocate(capacity: capacity)
    unsafe following = .allocate(capacity: capacity)
    unsafe preceding = .allocate(capacity: capacity)
    unsafe heap = .allocate(capacity: capacity * 3)
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
