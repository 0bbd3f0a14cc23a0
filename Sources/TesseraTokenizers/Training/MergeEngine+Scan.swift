import TesseraBasics

// One pass over the arena counts all pairs of neighbours, the next one lists the positions of those
// at or above a threshold. Both go over ranges of whole pre-tokens in parallel; counts are integers,
// so their sums do not depend on the ranges, and the lists of the ranges are joined in order.

extension MergeEngine {
  /// Finds the pairs at or above the next threshold.
  mutating func scan() {
    scanCount += 1
    queue = PairQueue()
    pairs = TrackedPairs()
    pool = PositionPool()
    let ranges = arena.ranges(
      max(1, min(Workers.threadCount, arena.slots.count / limits.scanGrain)))
    let counts = countPairs(in: ranges)
    var total = sum(counts)
    for key in rejected {
      if let place = total.find(key) { total.remove(at: place) }
    }
    let highest = total.entries.reduce(0) { max($0, $1.count) }
    let threshold = nextThreshold(highest: highest, among: total)
    self.threshold = threshold
    guard highest >= threshold else { return }
    follow(total, from: threshold, counts: counts, ranges: ranges)
  }

  /// For each range, the pairs in it with their counts and the number of their positions.
  private func countPairs(in ranges: [Range<Int>]) -> [TrackedPairs] {
    let slots = arena.slots
    let (widths, byteLengths) = (self.widths, self.byteLengths)
    let (starts, counts, blocks) = (arena.runStarts, arena.runCounts, arena.blockRuns)
    let maximumLength = limits.maximumLength
    return parallelMap(ranges.count) { index in
      var table = TrackedPairs(capacity: min(1 << 12, ranges[index].count))
      var cursor = CountCursor()
      forEachPair(
        in: ranges[index], slots: slots.span, widths: widths.span, byteLengths: byteLengths.span,
        maximumLength: maximumLength
      ) { position, key in
        let weight = cursor.count(
          at: position, starts: starts.span, counts: counts.span, blocks: blocks.span)
        table.add(key, count: weight)
      }
      return table
    }
  }

  /// Adds up the tables of the ranges.
  private func sum(_ tables: [TrackedPairs]) -> TrackedPairs {
    // There are no ranges where no pre-token has two symbols.
    guard var total = tables.first else { return TrackedPairs() }
    for table in tables.dropFirst() {
      for entry in table.entries where entry.key != PairEntry.emptyKey {
        let place = total.findOrInsert(entry.key)
        total[place].count += entry.count
        total[place].listCount += entry.listCount
      }
    }
    return total
  }

  /// The threshold of the schedule, raised until the lists fit, and never below the minimum count.
  private func nextThreshold(highest: UInt64, among table: TrackedPairs) -> UInt64 {
    var next = limits.schedule.next(
      previous: threshold, highest: highest, done: mergeCount, wanted: limits.mergeCount)
    let limit = limits.schedule.positionLimit
    if limit < .max {
      // Buckets of counts with the same three leading bits.
      var positions = [Int](repeating: 0, count: 256)
      for entry in table.entries where entry.key != PairEntry.emptyKey {
        positions[Self.bucket(entry.count)] += Int(entry.listCount)
      }
      var sum = 0
      var lowest = Self.bucket(highest)
      for bucket in stride(from: lowest, through: 0, by: -1) {
        sum += positions[bucket]
        if sum > limit { break }
        lowest = bucket
      }
      next = max(next, Self.lowerBound(ofBucket: lowest))
    }
    return max(limits.minimumCount, min(next, highest))
  }

  private static func bucket(_ count: UInt64) -> Int {
    if count < 4 { return Int(count) }
    let exponent = 63 - count.leadingZeroBitCount
    return exponent << 2 | Int(count >> UInt64(exponent - 2) & 3)
  }

  private static func lowerBound(ofBucket bucket: Int) -> UInt64 {
    if bucket < 8 { return UInt64(min(bucket, 4)) }
    return UInt64(4 | bucket & 3) << UInt64((bucket >> 2) - 2)
  }

  /// Fills the table, the queue and the lists with the pairs at or above the threshold.
  private mutating func follow(
    _ total: TrackedPairs, from threshold: UInt64, counts: [TrackedPairs], ranges: [Range<Int>]
  ) {
    var kept: [PairEntry] = []
    for entry in total.entries where entry.key != PairEntry.emptyKey && entry.count >= threshold {
      kept.append(entry)
    }
    kept.sort { $0.key < $1.key }
    pairs = TrackedPairs(capacity: kept.count)
    // For each range the same pairs, each with the place of its part of the list.
    var parts = [TrackedPairs](repeating: TrackedPairs(capacity: kept.count), count: ranges.count)
    for entry in kept {
      let start = pool.allocate(Int(entry.listCount))
      pairs[pairs.findOrInsert(entry.key)] = PairEntry(
        key: entry.key, count: entry.count, listStart: start, listCount: entry.listCount)
      var partStart = start
      for index in ranges.indices {
        let place = parts[index].findOrInsert(entry.key)
        parts[index][place].listStart = partStart
        if let own = counts[index].find(entry.key) { partStart += counts[index][own].listCount }
      }
    }
    queue = PairQueue(kept.map { PairQueue.Element(count: $0.count, key: $0.key) })
    fillLists(&parts, ranges)
  }

  /// Writes the positions of each range to its parts of the lists.
  private mutating func fillLists(_ parts: inout [TrackedPairs], _ ranges: [Range<Int>]) {
    let slots = arena.slots
    let (widths, byteLengths) = (self.widths, self.byteLengths)
    let maximumLength = limits.maximumLength
    let tables = parts
    unsafe pool.positions.withUnsafeMutableBufferPointer { buffer in
      // SAFETY: the parts of the lists are disjoint subranges of `buffer`, each written by the one
      // call of the body for its range, and `parallelMap` returns after the last call. A part has
      // as many places as the counting pass found positions of the pair in the same slots.
      nonisolated(unsafe) let buffer = unsafe buffer
      _ = parallelMap(ranges.count) { index in
        var table = tables[index]
        forEachPair(
          in: ranges[index], slots: slots.span, widths: widths.span,
          byteLengths: byteLengths.span, maximumLength: maximumLength
        ) { position, key in
          guard let place = table.find(key) else { return }
          let entry = table[place]
          table[place].listCount += 1
          unsafe buffer[Int(entry.listStart + entry.listCount)] = position
        }
      }
    }
  }
}

/// Calls the body with the position and the key of each pair of neighbours in a range.
///
/// Pairs that would be longer than the maximum are left out.
@inline(__always)
private func forEachPair(
  in range: Range<Int>, slots: Span<UInt32>, widths: Span<UInt32>, byteLengths: Span<UInt32>,
  maximumLength: Int, _ body: (UInt32, UInt64) -> Void
) {
  var i = range.lowerBound
  while i < range.upperBound {
    let left = slots[i]
    if left == SymbolArena.separator {
      i += 1
      continue
    }
    let j = i + Int(widths[Int(left)])
    let right = slots[j]
    if right != SymbolArena.separator
      && Int(byteLengths[Int(left)]) + Int(byteLengths[Int(right)]) <= maximumLength
    {
      body(UInt32(i), PairKey(left, right).packed)
    }
    i = j
  }
}
