internal import CTesseraKernels

/// Two neighbouring tokens, as one number that sorts by the left ID, then by the right.
struct PairKey: Hashable, Sendable {
  /// The left ID in the high half, the right one in the low half.
  let packed: UInt64

  @inline(__always)
  init(packed: UInt64) { self.packed = packed }

  @inline(__always)
  init(_ left: UInt32, _ right: UInt32) { packed = UInt64(left) << 32 | UInt64(right) }

  /// The ID on the left.
  @inline(__always)
  var left: UInt32 { UInt32(truncatingIfNeeded: packed >> 32) }
  /// The ID on the right.
  @inline(__always)
  var right: UInt32 { UInt32(truncatingIfNeeded: packed) }
}

/// What the trainer knows of a pair: how often it occurs, and where.
struct PairEntry: Sendable {
  /// The pair; all bits set in an empty place.
  var key: UInt64
  /// Occurrences, each weighted with the count of its pre-token.
  var count: UInt64
  /// Where the list of positions starts in the pool.
  var listStart: UInt32
  /// The length of that list, which may hold positions that have become stale.
  var listCount: UInt32

  static let emptyKey = UInt64.max
  static let empty = PairEntry(key: emptyKey, count: 0, listStart: 0, listCount: 0)
}

/// A hash table from pairs to what is known of them: open addressing, linear probing.
///
/// Removing closes the gap, so there are no markers of deleted entries, and a table in which as
/// many pairs come as go keeps its speed.
struct TrackedPairs: Sendable {
  /// The places; a power of two of them.
  private(set) var entries: [PairEntry]
  /// The number of pairs.
  private(set) var count = 0
  private var shift: UInt64

  init(capacity: Int = 16) {
    var places = 16
    while places < capacity + capacity / 2 { places *= 2 }
    entries = [PairEntry](repeating: .empty, count: places)
    shift = UInt64(64 - places.trailingZeroBitCount)
  }

  /// Where the search for a pair starts.
  @inline(__always)
  private func home(_ key: UInt64) -> Int {
    // 2^64 divided by the golden ratio; the product's high bits depend on all bits of both IDs
    // once the halves are mixed.
    Int(truncatingIfNeeded: ((key ^ (key >> 29)) &* 0x9E37_79B9_7F4A_7C15) >> shift)
  }

  /// Has the place fetched where the search for a pair starts.
  @inline(__always)
  func prefetch(_ key: UInt64) {
    unsafe entries.withUnsafeBufferPointer { buffer in
      // SAFETY: fetching reads nothing, and the place is one of the table.
      if let base = buffer.baseAddress { unsafe tk_prefetch(base + home(key)) }
    }
  }

  /// The place of a pair, or nil.
  @inline(__always)
  func find(_ key: UInt64) -> Int? {
    let mask = entries.count - 1
    var place = home(key)
    while true {
      let found = entries[place].key
      if found == key { return place }
      if found == PairEntry.emptyKey { return nil }
      place = (place + 1) & mask
    }
  }

  /// The place of a pair, which is added with zeros if it is not there.
  @inline(__always)
  mutating func findOrInsert(_ key: UInt64) -> Int {
    let mask = entries.count - 1
    var place = home(key)
    while true {
      let found = entries[place].key
      if found == key { return place }
      if found == PairEntry.emptyKey { break }
      place = (place + 1) & mask
    }
    if (count + 1) * 3 > entries.count * 2 {
      grow()
      return findOrInsert(key)
    }
    count += 1
    entries[place] = PairEntry(key: key, count: 0, listStart: 0, listCount: 0)
    return place
  }

  /// The entry at a place that a search gave.
  @inline(__always)
  subscript(place: Int) -> PairEntry {
    get { entries[place] }
    set { entries[place] = newValue }
  }

  /// Adds an occurrence, unless its pair is new and there are as many pairs as there may be.
  ///
  /// - Returns: Whether it was added.
  @inline(__always)
  mutating func add(_ key: UInt64, count: UInt64, limit: Int) -> Bool {
    // Nearly all have been met before, and then there is nothing to grow.
    guard let place = find(key) ?? (self.count < limit ? findOrInsert(key) : nil) else {
      return false
    }
    entries[place].count += count
    entries[place].listCount += 1
    return true
  }

  /// Adds up the counts of another table, and the lengths of its lists.
  mutating func add(_ other: TrackedPairs) {
    for entry in other.entries where entry.key != PairEntry.emptyKey {
      let place = findOrInsert(entry.key)
      entries[place].count += entry.count
      entries[place].listCount += entry.listCount
    }
  }

  /// Removes the entry at a place and moves those that the gap would hide.
  mutating func remove(at place: Int) {
    let mask = entries.count - 1
    var gap = place
    var next = (gap + 1) & mask
    while entries[next].key != PairEntry.emptyKey {
      let distance = (next - home(entries[next].key)) & mask
      if distance >= (next - gap) & mask {
        entries[gap] = entries[next]
        gap = next
      }
      next = (next + 1) & mask
    }
    entries[gap] = .empty
    count -= 1
  }

  private mutating func grow() {
    var larger = TrackedPairs(capacity: entries.count)
    for entry in entries where entry.key != PairEntry.emptyKey {
      let place = larger.findOrInsert(entry.key)
      larger.entries[place] = entry
    }
    self = larger
  }
}
