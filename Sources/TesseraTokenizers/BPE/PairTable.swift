/// From a pair of tokens to the rank of their merge: open addressing over packed pairs.
///
/// Most pairs that are looked up have no merge. A filter of four bits for each slot, small enough
/// to stay near the processor, answers for nine of ten of them. At most half of the slots are used.
@safe
struct PairTable: ~Copyable, @unchecked Sendable {
  // SAFETY (Sendable): the memory is written in `insert` only, which is mutating; a table that is
  // shared is a constant.
  private var keys: UnsafeMutablePointer<UInt64>
  private var ranks: UnsafeMutablePointer<UInt32>
  /// Four bits for each slot, set at the hashes of the keys.
  private var filter: UnsafeMutablePointer<UInt64>
  private var slotCount: Int
  private var count = 0

  /// What a pair without a merge has for a rank: greater than every rank.
  static let noRank = UInt32.max
  private static let free = UInt64.max

  init(capacity: Int) {
    slotCount = 16
    while slotCount < capacity * 2 { slotCount *= 2 }
    unsafe keys = allocateLarge(UInt64.self, count: slotCount)
    unsafe keys.initialize(repeating: Self.free, count: slotCount)
    unsafe ranks = allocateLarge(UInt32.self, count: slotCount)
    unsafe ranks.initialize(repeating: Self.noRank, count: slotCount)
    unsafe filter = .allocate(capacity: slotCount / 16)
    unsafe filter.initialize(repeating: 0, count: slotCount / 16)
  }

  deinit {
    unsafe keys.deallocate()
    unsafe ranks.deallocate()
    unsafe filter.deallocate()
  }

  /// Sets the rank of a pair; a later rank replaces an earlier one, as in tokenizers.
  mutating func insert(left: TokenID, right: TokenID, rank: UInt32) {
    if (count + 1) * 2 > slotCount { grow() }
    let key = UInt64(left) << 32 | UInt64(right)
    let hash = View.hash(of: key)
    let slot = view.slot(of: key, hash: hash)
    // SAFETY: `slot` is below `slotCount`.
    if unsafe keys[slot] == Self.free {
      unsafe keys[slot] = key
      let (word, bit) = view.filterPlace(hash)
      unsafe filter[word] |= bit
      count += 1
    }
    unsafe ranks[slot] = rank
  }

  private mutating func grow() {
    var larger = PairTable(capacity: slotCount)
    for slot in 0..<slotCount {
      // SAFETY: within the slots.
      let key = unsafe keys[slot]
      if key == Self.free { continue }
      larger.insert(
        left: UInt32(key >> 32), right: UInt32(truncatingIfNeeded: key), rank: unsafe ranks[slot])
    }
    self = larger
  }

  /// The table for the inner loop, which must not outlive the table.
  var view: View {
    unsafe View(
      keys: keys, ranks: ranks, filter: filter, shift: UInt64(slotCount.leadingZeroBitCount + 1),
      mask: slotCount - 1)
  }

  /// The table's memory, for the inner loop.
  @safe
  struct View {
    fileprivate let keys: UnsafeMutablePointer<UInt64>
    fileprivate let ranks: UnsafeMutablePointer<UInt32>
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
      while unsafe keys[slot] != key, unsafe keys[slot] != PairTable.free {
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

    /// The rank of a pair, or ``PairTable/noRank``.
    @inline(__always)
    func rank(left: TokenID, right: TokenID) -> UInt32 {
      let key = UInt64(left) << 32 | UInt64(right)
      let hash = Self.hash(of: key)
      let (word, bit) = filterPlace(hash)
      // SAFETY: the filter has four bits for each slot. `slot` is below the slot count; a free
      // slot's rank is `noRank`.
      if unsafe filter[word] & bit == 0 { return PairTable.noRank }
      return unsafe ranks[slot(of: key, hash: hash)]
    }
  }
}
