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

/// What one merge adds up for a neighbour, on one of the two sides.
struct NeighbourTotals: Sendable {
  /// The neighbour.
  var id: UInt32
  /// Positions in the list of the new pair.
  var listCount: UInt32 = 0
  /// Where the list is written next; all bits set if there is none.
  var cursor: UInt32 = .max
  /// What the old pair loses.
  var lost: UInt64 = 0
  /// What the new pair gains.
  var gained: UInt64 = 0
}

/// One side of a merge: the neighbours met, and the positions of the new pairs.
struct MergeSide: Sendable {
  /// For each ID its index in `totals` plus one, or zero.
  var indices: [UInt32] = []
  /// The neighbours in the order in which they were met.
  var totals: [NeighbourTotals] = []
  /// An index in `totals` in the high half, a position in the low half.
  var occurrences: [UInt64] = []

  /// Makes room for one merge.
  mutating func prepare(idCount: Int, occurrenceCount: Int) {
    if indices.count < idCount {
      indices.append(contentsOf: repeatElement(0, count: max(idCount - indices.count, idCount / 4)))
    }
    occurrences.removeAll(keepingCapacity: true)
    occurrences.reserveCapacity(occurrenceCount)
  }

  /// The index in `totals` of a neighbour.
  @inline(__always)
  mutating func index(of id: UInt32) -> Int {
    let known = indices[Int(id)]
    if known != 0 { return Int(known) - 1 }
    totals.append(NeighbourTotals(id: id))
    indices[Int(id)] = UInt32(totals.count)
    return totals.count - 1
  }

  /// Fills the lists of the new pairs.
  mutating func write(to pool: inout PositionPool) {
    guard totals.contains(where: { $0.cursor != .max }) else { return }
    let occurrences = occurrences
    var totals = totals.mutableSpan
    var positions = pool.positions.mutableSpan
    for occurrence in occurrences {
      let index = Int(occurrence >> 32)
      let cursor = totals[index].cursor
      if cursor == .max { continue }
      positions[Int(cursor)] = UInt32(truncatingIfNeeded: occurrence)
      totals[index].cursor = cursor + 1
    }
  }

  /// Forgets the neighbours.
  mutating func reset() {
    for total in totals { indices[Int(total.id)] = 0 }
    totals.removeAll(keepingCapacity: true)
  }
}

/// Memory that merges use one after another.
struct MergeTotals: Sendable {
  var left = MergeSide()
  var right = MergeSide()
}

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
    scratch.left.reset()
    scratch.right.reset()
    if isComplete {
      packListsIfMostlyDead()
      trimQueueIfMostlyDead()
    } else {
      startOver()
    }
    return replacedCount
  }

  /// Writes the new token over the occurrences and adds up what the neighbours lose and gain.
  private mutating func replaceOccurrences(
    of candidate: MergeCandidate, in entry: PairEntry, by new: UInt32
  ) -> UInt64 {
    let range = Int(entry.listStart)..<Int(entry.listStart) + Int(entry.listCount)
    // What changes is moved out of the engine while spans over the rest are open.
    var left = exchange(&scratch.left, with: MergeSide())
    var right = exchange(&scratch.right, with: MergeSide())
    var slots = exchange(&arena.slots, with: [])
    left.prepare(idCount: widths.count, occurrenceCount: range.count)
    right.prepare(idCount: widths.count, occurrenceCount: range.count)
    var slotSpan = slots.mutableSpan
    let replacedCount = replace(
      candidate, at: pool.positions.span.extracting(range), by: new, in: &slotSpan, left: &left,
      right: &right)
    scratch.left = left
    scratch.right = right
    arena.slots = slots
    return replacedCount
  }

  /// The loop over the occurrences.
  private func replace(
    _ candidate: MergeCandidate, at list: Span<UInt32>, by new: UInt32,
    in slots: inout MutableSpan<Slot>, left: inout MergeSide, right: inout MergeSide
  ) -> UInt64 {
    typealias Arena = SymbolArena<Slot>
    let (a, b) = (Slot(candidate.left), Slot(candidate.right))
    let newSlot = Slot(new)
    let aWidth = Int(widths[Int(a)])
    let bWidth = Int(widths[Int(b)])
    let newLength = Int(byteLengths[Int(new)])
    let maximumLength = limits.maximumLength
    var replacedCount: UInt64 = 0
    var cursor = RunCursor()
    let runStarts = arena.runStarts.span
    let runCounts = arena.runCounts.span
    let blockRuns = arena.blockRuns.span
    let widths = self.widths.span
    let byteLengths = self.byteLengths.span

    for index in list.indices {
      let position = list[index]
      let i = Int(position)
      guard slots[i] == a else { continue }
      let j = i + aWidth
      guard slots[j] == b else { continue }
      let k = j + bWidth
      let weight = cursor.count(
        at: position, starts: runStarts, counts: runCounts, blocks: blockRuns)
      replacedCount += weight

      let before = slots[i - 1]
      if before != Arena.separator {
        let id = UInt32(before & ~Arena.endMarker)
        let side = left.index(of: id)
        if id == new {
          // The occurrence before this one counted the pair (new, a), which is now (new, new).
          let other = right.index(of: candidate.left)
          right.totals[other].gained &-= weight
        } else {
          left.totals[side].lost += weight
        }
        if Int(byteLengths[Int(id)]) + newLength <= maximumLength {
          left.totals[side].gained += weight
          left.totals[side].listCount += 1
          left.occurrences.append(UInt64(side) << 32 | UInt64(position - widths[Int(id)]))
        }
      }
      let after = slots[k]
      if after != Arena.separator {
        let side = right.index(of: UInt32(after))
        right.totals[side].lost += weight
        right.totals[side].gained &+= weight
        if Int(byteLengths[Int(after)]) + newLength <= maximumLength {
          right.totals[side].listCount += 1
          right.occurrences.append(UInt64(side) << 32 | UInt64(position))
        }
      }

      if aWidth > 1 { slots[j - 1] = Arena.tombstone }
      slots[j] = Arena.tombstone
      slots[i] = newSlot
      slots[k - 1] = newSlot | Arena.endMarker
    }
    return replacedCount
  }

  /// Takes the losses from the table and adds the new pairs that are frequent enough.
  ///
  /// - Returns: Whether there is room for the new pairs; if not, the table is of no further use.
  private mutating func settle(_ candidate: MergeCandidate, _ new: UInt32) -> Bool {
    let (a, b) = (candidate.left, candidate.right)
    let newCount = scratch.left.occurrences.count + scratch.right.occurrences.count
    guard pool.positions.count + newCount <= limits.poolCapacity,
      pairs.count <= 2 * limits.pairLimit
    else { return false }
    for index in scratch.left.totals.indices {
      let total = scratch.left.totals[index]
      if total.id != new { lose(PairKey(total.id, a), total.lost) }
      let key = PairKey(total.id, new)
      guard total.listCount > 0, isFollowed(key, count: total.gained) else { continue }
      scratch.left.totals[index].cursor = add(key, total)
    }
    for index in scratch.right.totals.indices {
      let total = scratch.right.totals[index]
      lose(PairKey(b, total.id), total.lost)
      let key = PairKey(new, total.id)
      guard total.listCount > 0, isFollowed(key, count: total.gained) else { continue }
      scratch.right.totals[index].cursor = add(key, total)
    }
    scratch.left.write(to: &pool)
    scratch.right.write(to: &pool)
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
