/// What one merge adds up for a neighbour, on one of the two sides.
struct NeighbourTotals: Sendable {
  /// The neighbour.
  var id: UInt32 = 0
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
///
/// Arrays have room for all that a merge may need before it begins, so that its loop writes through
/// spans and no array has to ask whether it may be changed in place.
struct MergeSide: Sendable {
  /// For each ID its index in `totals` plus one, or zero.
  var indices: [UInt32] = []
  /// The neighbours in the order in which they were met, and room for more.
  var totals: [NeighbourTotals] = []
  /// The number of neighbours.
  var count = 0
  /// An index in `totals` in the high half, a position in the low half; and room for more.
  var occurrences: [UInt64] = []
  /// The number of occurrences.
  var occurrenceCount = 0

  /// Makes room for one merge.
  mutating func prepare(idCount: Int, occurrenceCount: Int) {
    if indices.count < idCount {
      indices.append(contentsOf: repeatElement(0, count: max(idCount - indices.count, idCount / 4)))
    }
    // An occurrence has a neighbour on each side, and where occurrences touch, the left token of the
    // pair is one on the right.
    let neighbourCount = min(idCount, occurrenceCount + 1)
    if totals.count < neighbourCount {
      totals.append(
        contentsOf: repeatElement(NeighbourTotals(), count: neighbourCount - totals.count))
    }
    if occurrences.count < occurrenceCount {
      occurrences.append(contentsOf: repeatElement(0, count: occurrenceCount - occurrences.count))
    }
    self.occurrenceCount = 0
  }

  /// The neighbour at an index, if there are as many.
  @inline(__always)
  func neighbour(at index: Int) -> UInt32? { index < count ? totals[index].id : nil }

  /// Adds up what a part of the merge has; the parts come in their order.
  mutating func add(_ other: MergeSide) {
    occurrenceCount += other.occurrenceCount
    for index in 0..<other.count {
      let total = other.totals[index]
      let own = Self.index(of: total.id, &indices, &totals, &count)
      totals[own].listCount += total.listCount
      totals[own].lost += total.lost
      totals[own].gained += total.gained
    }
  }

  /// The index in `totals` of a neighbour.
  private static func index(
    of id: UInt32, _ indices: inout [UInt32], _ totals: inout [NeighbourTotals], _ count: inout Int
  ) -> Int {
    let known = indices[Int(id)]
    if known != 0 { return Int(known) - 1 }
    if count == totals.count { totals.append(NeighbourTotals()) }
    totals[count] = NeighbourTotals(id: id)
    count += 1
    indices[Int(id)] = UInt32(count)
    return count - 1
  }

  /// The index of a neighbour in spans over `indices` and `totals`.
  @inline(__always)
  static func index(
    of id: UInt32, _ indices: inout MutableSpan<UInt32>,
    _ totals: inout MutableSpan<NeighbourTotals>,
    _ count: inout Int
  ) -> Int {
    let known = indices[Int(id)]
    if known != 0 { return Int(known) - 1 }
    totals[count] = NeighbourTotals(id: id)
    count += 1
    indices[Int(id)] = UInt32(count)
    return count - 1
  }

  /// Hands each neighbour's places in the new lists on to a part of the merge, in the order of the
  /// parts.
  mutating func allot(to part: inout MergeSide) {
    for index in 0..<part.count {
      let own = Int(indices[Int(part.totals[index].id)]) - 1
      let cursor = totals[own].cursor
      part.totals[index].cursor = cursor
      if cursor != .max { totals[own].cursor = cursor + part.totals[index].listCount }
    }
  }

  /// Fills the lists of the new pairs.
  mutating func write(to positions: inout MutableSpan<UInt32>) {
    let (occurrences, count) = (occurrences, occurrenceCount)
    var totals = totals.mutableSpan
    for number in 0..<count {
      let occurrence = occurrences[number]
      let index = Int(occurrence >> 32)
      let cursor = totals[index].cursor
      if cursor == .max { continue }
      positions[Int(cursor)] = UInt32(truncatingIfNeeded: occurrence)
      totals[index].cursor = cursor + 1
    }
  }

  /// Forgets the neighbours.
  mutating func reset() {
    for index in 0..<count { indices[Int(totals[index].id)] = 0 }
    count = 0
    occurrenceCount = 0
  }
}

/// Memory that merges use one after another.
struct MergeTotals: Sendable {
  var left = MergeSide()
  var right = MergeSide()
}
