import TesseraBasics

// A pass over the arena counts all pairs of neighbours, another one lists the positions of those at
// or above a threshold. Passes go over ranges of whole pre-tokens in parallel; counts are integers,
// so their sums do not depend on the ranges, and the lists of the ranges are joined in order.
//
// If the pairs are too many for the tables, the arena is gone over several times, each time for the
// pairs whose hash falls to this part.

extension MergeEngine {
  /// Finds the next pairs to follow.
  mutating func scan() {
    scanCount += 1
    queue = PairQueue()
    pairs = TrackedPairs()
    if limits.memory == nil { pool.removeAll() } else { pool = PositionPool() }
    let ranges = arena.ranges(arena.rangeCount(grain: limits.scanGrain))
    var selection = select(ranges)
    threshold = selection.threshold
    shareOutMemory(longestList: selection.longestList)
    let floor = selection.finish(positionLimit: limits.positionLimit ?? .max)
    self.floor = floor
    threshold = selection.threshold
    follow(selection.pairs, ranges)
  }

  /// The first pairs in the order of the queue.
  private mutating func select(_ ranges: [Range<Int>]) -> PairSelection {
    let (previous, done) = (threshold, mergeCount)
    let limits = limits
    while true {
      var selection = PairSelection(limits) { highest in
        limits.schedule.next(
          previous: previous, highest: highest, done: done, wanted: limits.mergeCount)
      }
      var part = 0
      while part < partCount, let counts = countPairs(in: ranges, part: part) {
        for entry in counts.entries
        where entry.key != PairEntry.emptyKey && !rejected.contains(entry.key) {
          selection.offer(entry)
        }
        part += 1
      }
      if part == partCount { return selection }
      partCount *= 2
    }
  }

  /// The pairs of a part with their counts and the number of their positions, or nil if they are
  /// too many.
  private func countPairs(in ranges: [Range<Int>], part: Int) -> TrackedPairs? {
    let slots = arena.slots
    let (widths, byteLengths) = (self.widths, self.byteLengths)
    let (starts, counts, blocks) = (arena.runStarts, arena.runCounts, arena.blockRuns)
    let (maximumLength, limit, partCount) = (
      limits.maximumLength, limits.countedPairLimit, partCount
    )
    var tables = parallelMap(ranges.count) { index -> TrackedPairs? in
      var table = TrackedPairs(capacity: min(1 << 12, ranges[index].count))
      var cursor = RunCursor()
      var isComplete = true
      forEachPair(
        in: ranges[index], slots: slots.span, widths: widths.span, byteLengths: byteLengths.span,
        maximumLength: maximumLength, fetch: { table.prefetch($0) }
      ) { position, key in
        if partCount > 1, partOfPair(key, of: partCount) != part { return }
        let weight = cursor.count(
          at: position, starts: starts.span, counts: counts.span, blocks: blocks.span)
        if !table.add(key, count: weight, limit: limit) { isComplete = false }
      }
      return isComplete ? table : nil
    }
    // There are no ranges where no pre-token has two symbols.
    if tables.isEmpty { return TrackedPairs() }
    var total = TrackedPairs()
    for index in tables.indices {
      guard let table = exchange(&tables[index], with: nil) else { return nil }
      if index == 0 { total = table } else { total.add(table) }
    }
    return total
  }

  /// Fills the table, the queue and the lists with the given pairs.
  private mutating func follow(_ kept: [PairEntry], _ ranges: [Range<Int>]) {
    pairs = TrackedPairs(capacity: kept.count)
    queue = PairQueue(kept.map(PairQueue.Element.init))
    // Until the lists are filled, the table holds the pairs' numbers in place of the lists' starts.
    for (number, entry) in kept.enumerated() {
      let place = pairs.findOrInsert(entry.key)
      pairs[place] = entry
      pairs[place].listStart = UInt32(number)
    }
    // For each range and pair, where the range's positions go in the pair's list.
    var cursors = positionCounts(of: kept, in: ranges)
    var starts: [UInt32] = []
    starts.reserveCapacity(kept.count)
    // Twice as much as there is now: when that is full, half of it is dead, and packing makes room.
    pool.reserve(min(limits.poolCapacity, 2 * kept.reduce(0) { $0 + Int($1.listCount) }))
    for (number, entry) in kept.enumerated() {
      let start = pool.allocate(Int(entry.listCount))
      starts.append(start)
      var next = start
      for range in ranges.indices {
        let count = cursors[range][number]
        cursors[range][number] = next
        next += count
      }
    }
    fillLists(&cursors, ranges)
    for place in pairs.entries.indices where pairs[place].key != PairEntry.emptyKey {
      pairs[place].listStart = starts[Int(pairs[place].listStart)]
    }
  }

  /// For each range, how many positions it has of each pair.
  private func positionCounts(of kept: [PairEntry], in ranges: [Range<Int>]) -> [[UInt32]] {
    if ranges.count <= 1 { return ranges.map { _ in kept.map(\.listCount) } }
    let (slots, pairs) = (arena.slots, pairs)
    let (widths, byteLengths) = (self.widths, self.byteLengths)
    let maximumLength = limits.maximumLength
    return parallelMap(ranges.count) { index in
      var counts = [UInt32](repeating: 0, count: kept.count)
      forEachPair(
        in: ranges[index], slots: slots.span, widths: widths.span, byteLengths: byteLengths.span,
        maximumLength: maximumLength, fetch: { pairs.prefetch($0) }
      ) { _, key in
        if let place = pairs.find(key) { counts[Int(pairs[place].listStart)] += 1 }
      }
      return counts
    }
  }

  /// Writes the positions of each range to its parts of the lists.
  private mutating func fillLists(_ cursors: inout [[UInt32]], _ ranges: [Range<Int>]) {
    let (slots, pairs) = (arena.slots, pairs)
    let (widths, byteLengths) = (self.widths, self.byteLengths)
    let maximumLength = limits.maximumLength
    unsafe pool.positions.withUnsafeMutableBufferPointer { buffer in
      // SAFETY: the parts of the lists are disjoint subranges of `buffer`, each written by the one
      // call of the body for its range, and `parallelUpdate` returns after the last call. A part
      // has as many places as an earlier pass found positions of the pair in the same slots.
      nonisolated(unsafe) let buffer = unsafe buffer
      parallelUpdate(&cursors) { index, cursors in
        var cursors = cursors.mutableSpan
        forEachPair(
          in: ranges[index], slots: slots.span, widths: widths.span,
          byteLengths: byteLengths.span, maximumLength: maximumLength,
          fetch: { pairs.prefetch($0) }
        ) { position, key in
          guard let place = pairs.find(key) else { return }
          let number = Int(pairs[place].listStart)
          unsafe buffer[Int(cursors[number])] = position
          cursors[number] += 1
        }
      }
    }
  }
}

/// The part that a pair falls to; the number of parts is a power of two.
@inline(__always)
private func partOfPair(_ key: UInt64, of count: Int) -> Int {
  // Other bits than those that choose the place in a table.
  Int(truncatingIfNeeded: ((key ^ (key >> 29)) &* 0xD6E8_FEB8_6659_FD93) >> 20) & (count - 1)
}

/// Calls the body with the position and the key of each pair of neighbours in a range, in order.
///
/// Pairs that would be longer than the maximum are left out. Keys come to `fetch` some time before they
/// come to the body, so that what is known of a pair is no longer waited for.
@inline(__always)
private func forEachPair<Slot: ArenaSlot>(
  in range: Range<Int>, slots: Span<Slot>, widths: Span<UInt32>, byteLengths: Span<UInt32>,
  maximumLength: Int, fetch: (UInt64) -> Void, _ body: (UInt32, UInt64) -> Void
) {
  let separator = SymbolArena<Slot>.separator
  let isBounded = maximumLength < .max
  var positions = InlineArray<64, UInt32>(repeating: 0)
  var keys = InlineArray<64, UInt64>(repeating: 0)
  var i = range.lowerBound
  while i < range.upperBound {
    var count = 0
    while i < range.upperBound, count < 64 {
      let left = slots[i]
      if left == separator {
        i += 1
        continue
      }
      let j = i + Int(widths[Int(left)])
      let right = slots[j]
      if right != separator,
        !isBounded
          || Int(byteLengths[Int(left)]) + Int(byteLengths[Int(right)]) <= maximumLength
      {
        let key = PairKey(UInt32(left), UInt32(right)).packed
        fetch(key)
        positions[count] = UInt32(i)
        keys[count] = key
        count += 1
      }
      i = j
    }
    for index in 0..<count { body(positions[index], keys[index]) }
  }
}
