/// Some neighboring tokens of a text and what they come to when they are merged, with the places where
/// each of these begins.
///
/// Few tokens are merged by looking for the smallest rank at each step and closing the gap, more in a
/// linked list.
@safe
struct MergedWindow: ~Copyable {
  /// What the tokens have come to, and where each begins, counted from the first one.
  private var ids: UnsafeMutablePointer<TokenID>
  private var starts: UnsafeMutablePointer<UInt32>
  private var capacity = Self.shortCount
  /// The number of tokens that are left.
  private(set) var count = 0
  /// The rank of the merge of each token with the next one, for few tokens.
  private let ranks: UnsafeMutablePointer<UInt32>
  private var linked = LinkedMerge()

  /// The most tokens for which looking at each rank is faster.
  static let shortCount = 32

  init() {
    unsafe ids = .allocate(capacity: Self.shortCount)
    unsafe starts = .allocate(capacity: Self.shortCount)
    unsafe ranks = .allocate(capacity: Self.shortCount)
  }

  deinit {
    unsafe ids.deallocate()
    unsafe starts.deallocate()
    unsafe ranks.deallocate()
  }

  /// Merges a copy of tokens.
  ///
  /// - Parameters:
  ///   - tokens: The tokens, at least one and less than 2³² of them.
  ///   - tokenCount: How many there are.
  ///   - model: The merges.
  @unsafe
  mutating func merge(
    _ tokens: UnsafePointer<TokenID>, _ tokenCount: Int, _ model: MergeTables.View
  ) {
    // SAFETY: the caller has as many tokens, and there is room for them.
    if tokenCount <= Self.shortCount { return unsafe mergeShort(tokens, tokenCount, model) }
    reserve(tokenCount)
    unsafe linked.merge(tokens, tokenCount, model)
    count = 0
    var position: UInt32 = 0
    while position != LinkedMerge.none {
      unsafe starts[count] = position
      unsafe (ids[count], position) = linked.token(at: position)
      count += 1
    }
  }

  @unsafe
  private mutating func mergeShort(
    _ tokens: UnsafePointer<TokenID>, _ tokenCount: Int, _ model: MergeTables.View
  ) {
    // SAFETY: there is room for `shortCount` of everything; `best` and its neighbors are compared with
    // `count` before each access.
    let (ids, starts, ranks) = unsafe (self.ids, self.starts, self.ranks)
    var count = tokenCount
    for index in 0..<count {
      unsafe ids[index] = tokens[index]
      unsafe starts[index] = UInt32(truncatingIfNeeded: index)
    }
    for index in 1..<max(1, count) {
      unsafe ranks[index - 1] = model.rank(ids[index - 1], ids[index])
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
      unsafe ids[best] = merged
      count -= 1
      for index in best + 1..<max(best + 1, count) {
        unsafe ids[index] = unsafe ids[index + 1]
        unsafe starts[index] = unsafe starts[index + 1]
        unsafe ranks[index - 1] = unsafe ranks[index]
      }
      if best > 0 { unsafe ranks[best - 1] = model.rank(ids[best - 1], merged) }
      if best + 1 < count { unsafe ranks[best] = model.rank(merged, ids[best + 1]) }
    }
    self.count = count
  }

  /// The token with a number below ``count``.
  @inline(__always)
  func id(_ index: Int) -> TokenID { unsafe ids[index] }

  /// Where it begins.
  @inline(__always)
  func start(_ index: Int) -> Int { unsafe Int(starts[index]) }

  /// The last token that begins at a place or before it.
  func lastToken(from place: Int) -> Int {
    var index = count - 1
    while index > 0, start(index) > place { index -= 1 }
    return index
  }

  /// Gives back the memory of more tokens than so many.
  mutating func shrink(to limit: Int) {
    linked.shrink(to: limit)
    if capacity > limit, capacity > Self.shortCount { allocate(max(limit, Self.shortCount)) }
  }

  private mutating func reserve(_ wanted: Int) {
    if wanted > capacity { allocate(wanted) }
  }

  private mutating func allocate(_ newCapacity: Int) {
    capacity = newCapacity
    count = 0
    unsafe ids.deallocate()
    unsafe starts.deallocate()
    unsafe ids = .allocate(capacity: capacity)
    unsafe starts = .allocate(capacity: capacity)
  }
}
