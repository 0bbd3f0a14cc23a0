// Merging one pair.
//
// The occurrences are visited in ascending order. Each is four stores in the arena, and changes
// the counts of at most four pairs:
//
//   … l a b r …   becomes   … l new r …     (l, a) and (b, r) lose, (l, new) and (new, r) gain
//
// Gains and losses are first added up for each left neighbour l and each right neighbour r, in
// arrays that are indexed by ID, so that the table of pairs is asked once for each neighbour and
// not once for each occurrence. A pair that gains is new: one of its tokens did not exist before.
// Its count is final but for later losses, so if it is below the threshold it is never stored.

extension MergeEngine {
  /// Replaces the occurrences of a pair that is in the table, and brings the counts up to date.
  ///
  /// - Returns: How many were replaced, each weighted with the count of its pre-token; fewer than
  ///   the pair's count if some overlapped.
  mutating func apply(_ candidate: MergeCandidate, at place: Int, as new: UInt32) -> UInt64 {
    let entry = pairs[place]
    drop(at: place)
    let replacedCount = replaceOccurrences(of: candidate, in: entry, by: new)
    let isComplete = settle(candidate, new)
    resetScratch()
    if isComplete {
      packListsIfMostlyDead()
      trimQueueIfMostlyDead()
    } else {
      startOver()
    }
    return replacedCount
  }

  /// How many neighbours ahead pairs are fetched.
  private static var fetchDistance: Int { 8 }

  /// Takes the losses from the table and adds the new pairs that are frequent enough.
  ///
  /// - Returns: Whether there is room for the new pairs; if not, the table is of no further use.
  private mutating func settle(_ candidate: MergeCandidate, _ new: UInt32) -> Bool {
    let (a, b) = (candidate.left, candidate.right)
    let newCount = scratch.left.occurrenceCount + scratch.right.occurrenceCount
    guard pool.positions.count + newCount <= limits.poolCapacity,
      pairs.count <= 2 * limits.pairLimit
    else { return false }
    for index in 0..<scratch.left.count {
      if let ahead = scratch.left.neighbour(at: index + Self.fetchDistance) {
        pairs.prefetch(PairKey(ahead, a).packed)
        pairs.prefetch(PairKey(ahead, new).packed)
      }
      let total = scratch.left.totals[index]
      if total.id != new { lose(PairKey(total.id, a), total.lost) }
      let key = PairKey(total.id, new)
      guard total.listCount > 0, isFollowed(key, count: total.gained) else { continue }
      scratch.left.totals[index].cursor = add(key, total)
    }
    for index in 0..<scratch.right.count {
      if let ahead = scratch.right.neighbour(at: index + Self.fetchDistance) {
        pairs.prefetch(PairKey(b, ahead).packed)
        pairs.prefetch(PairKey(new, ahead).packed)
      }
      let total = scratch.right.totals[index]
      lose(PairKey(b, total.id), total.lost)
      let key = PairKey(new, total.id)
      guard total.listCount > 0, isFollowed(key, count: total.gained) else { continue }
      scratch.right.totals[index].cursor = add(key, total)
    }
    writeLists()
    return true
  }

  /// Lowers the count of a pair, and forgets the pair if it is no longer followed.
  private mutating func lose(_ key: PairKey, _ count: UInt64) {
    // The merged pair itself is out of the table already, so a run "aaa" finds nothing here.
    guard count > 0, let place = pairs.find(key.packed) else { return }
    pairs[place].count -= count
    let left = pairs[place].count
    if left == 0 || !isFollowed(key, count: left) { drop(at: place) }
  }

  /// Adds a new pair with an empty list of the right size.
  ///
  /// - Returns: Where its list starts.
  private mutating func add(_ key: PairKey, _ total: NeighbourTotals) -> UInt32 {
    let start = pool.allocate(Int(total.listCount))
    let place = pairs.findOrInsert(key.packed)
    pairs[place] = PairEntry(
      key: key.packed, count: total.gained, listStart: start, listCount: total.listCount)
    queue.push(PairQueue.Element(count: total.gained, key: key.packed))
    return start
  }
}
