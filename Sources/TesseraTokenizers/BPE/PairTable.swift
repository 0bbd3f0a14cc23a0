/// What a pair of tokens becomes, and when: the rank of its merge above the token that it makes.
///
/// The smaller number is merged first, so the smallest of several is found without taking them apart.
struct PairMerge: Hashable, Comparable, Sendable {
  let bits: UInt64

  /// What a pair without a merge has: greater than every merge.
  static let none = PairMerge(bits: .max)

  init(rank: UInt32, result: TokenID) { bits = UInt64(rank) << 32 | UInt64(result) }

  private init(bits: UInt64) { self.bits = bits }

  /// The merge's place in the order of merges.
  var rank: UInt32 { UInt32(bits >> 32) }

  /// The token that the pair becomes.
  var result: TokenID { TokenID(truncatingIfNeeded: bits) }

  @inline(__always)
  static func < (a: PairMerge, b: PairMerge) -> Bool { a.bits < b.bits }
}

/// From a pair of tokens to its merge: open addressing over packed pairs.
///
/// Most pairs that are looked up have no merge. A filter of four bits for each slot, small enough
/// to stay near the processor, answers for nine of ten of them. At most half of the slots are used.
@safe
struct PairTable: ~Copyable, @unchecked Sendable {
  // SAFETY (Sendable): the memory is written in `init` and `insert` only; a table that is shared is
  // a constant.
  fileprivate struct Entry {
    var key: UInt64
    var merge: PairMerge
  }

  private var entries: UnsafeMutablePointer<Entry>
  /// Four bits for each slot, set at the hashes of the keys.
  private var filter: UnsafeMutablePointer<UInt64>
  private var slotCount: Int
  private var count = 0

  /// No key has all bits set.
  fileprivate static let freeKey = UInt64.max

  init(capacity: Int) {
    slotCount = 16
    while slotCount < capacity * 2 { slotCount *= 2 }
    unsafe entries = allocateLarge(Entry.self, count: slotCount)
    unsafe entries.initialize(
      repeating: Entry(key: Self.freeKey, merge: .none), count: slotCount)
    unsafe filter = .allocate(capacity: slotCount / 16)
    unsafe filter.initialize(repeating: 0, count: slotCount / 16)
  }

  deinit {
    unsafe entries.deallocate()
    unsafe filter.deallocate()
  }

  /// Sets the merge of a pair; a later one replaces an earlier one, as in tokenizers.
  mutating func insert(left: TokenID, right: TokenID, _ merge: PairMerge) {
    insert(key: UInt64(left) << 32 | UInt64(right), merge)
  }

  private mutating func insert(key: UInt64, _ merge: PairMerge) {
    if (count + 1) * 2 > slotCount { grow() }
    let hash = View.hash(of: key)
    let slot = view.slot(of: key, hash: hash)
    // SAFETY: `slot` is below `slotCount`, and the filter has four bits for each slot.
    if unsafe entries[slot].key == Self.freeKey {
      let (word, bit) = view.filterPlace(hash)
      unsafe filter[word] |= bit
      count += 1
    }
    unsafe entries[slot] = Entry(key: key, merge: merge)
  }

  private mutating func grow() {
    var larger = PairTable(capacity: slotCount)
    for slot in 0..<slotCount {
      // SAFETY: within the slots.
      let entry = unsafe entries[slot]
      if entry.key != Self.freeKey { larger.insert(key: entry.key, entry.merge) }
    }
    self = larger
  }

  /// The table for the inner loop, which must not outlive the table.
  var view: View {
    unsafe View(
      entries: entries, filter: filter, shift: UInt64(slotCount.leadingZeroBitCount + 1),
      mask: slotCount - 1)
  }

  /// The table's memory, for the inner loop.
  @safe
  struct View {
    fileprivate let entries: UnsafeMutablePointer<Entry>
    fileprivate let filter: UnsafeMutablePointer<UInt64>
    fileprivate let shift: UInt64
    fileprivate let mask: Int

    /// A hash whose top bits depend on all bits of the key.
    @inline(__always)
    fileprivate static func hash(of key: UInt64) -> UInt64 { key &* 0x9E37_79B9_7F4A_7C15 }

    /// The slot where a key is, or the free one where it would go.
    @inline(__always)
    fileprivate func slot(of key: UInt64, hash: UInt64) -> Int {
      var slot = Int(truncatingIfNeeded: hash &>> shift)
      // SAFETY: `slot` is masked to the slot count, and half of the slots are free.
      while unsafe entries[slot].key != key, unsafe entries[slot].key != PairTable.freeKey {
        slot = (slot + 1) & mask
      }
      return slot
    }

    /// The word and the bit of the filter that tell whether a key of this hash may be there.
    @inline(__always)
    fileprivate func filterPlace(_ hash: UInt64) -> (word: Int, bit: UInt64) {
      let index = hash &>> (shift &- 2)
      return (Int(truncatingIfNeeded: index &>> 6), 1 &<< (index & 63))
    }

    /// The merge of a pair, or ``PairMerge/none``.
    @inline(__always)
    func merge(left: TokenID, right: TokenID) -> PairMerge {
      let key = UInt64(left) << 32 | UInt64(right)
      let hash = Self.hash(of: key)
      let (word, bit) = filterPlace(hash)
      // SAFETY: the filter has four bits for each slot. `slot` is below the slot count; a free
      // slot's merge is `none`.
      if unsafe filter[word] & bit == 0 { return .none }
      return unsafe entries[slot(of: key, hash: hash)].merge
    }
  }
}
