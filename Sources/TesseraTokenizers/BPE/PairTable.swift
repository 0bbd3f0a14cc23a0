internal import CTesseraKernels

// From a pair of tokens to the rank of its merge: open addressing with linear probing.
//
// Most of the time of a look-up is waiting for memory, so an entry is one word. The hash of a pair,
// 48 bits times an odd number modulo 2^48, has an inverse: its upper bits are the slot where the
// search begins, and together with how far the entry is from there the lower bits are as good as the
// pair itself. With 2^b slots:
//
//   bit     size    content of an entry; all bits are set where the slot is free
//     0       24    the rank
//    24    b - 8    how many slots before this one the search begins
//  b+16   48 - b    the lower bits of the hash
//
// Most pairs that are looked up have no merge. A filter of four bits for each slot, small enough
// to stay near the processor, answers for nine of ten of them. At most half of the slots are used.

/// The ranks of pairs of tokens.
@safe
struct PairTable: ~Copyable, @unchecked Sendable {
  // SAFETY (Sendable): the memory is written in `init` and `insert` only; a table that is shared is
  // a constant.
  private(set) var entries: TableMemory<UInt64>
  /// Four bits for each slot, set at the hashes of the keys.
  private(set) var filter: TableMemory<UInt64>
  private(set) var slotBits: UInt64
  private var count = 0
  /// An odd number that depends on the seed: see ``HashSeed``.
  private let multiplier: UInt64

  /// The rank of a pair without a merge, greater than every other.
  static let none: UInt32 = 1 << 24 - 1
  static let free = UInt64.max
  private static let hashBits: UInt64 = 48
  /// With fewer slots the distance would have too few bits.
  static let minimumSlotBits: UInt64 = 13

  init(capacity: Int, seed: HashSeed = .process) {
    var slotBits = Self.minimumSlotBits
    while 1 << slotBits < capacity * 2 { slotBits += 1 }
    self.init(slotBits: slotBits, multiplier: seed.first | 1)
  }

  /// A table out of its parts, which are what they must be, and into which nothing is inserted.
  ///
  /// - Precondition: There are 2 to the power of `slotBits` entries, and a sixteenth of it words in the
  ///   filter.
  init(
    entries: consuming TableMemory<UInt64>, filter: consuming TableMemory<UInt64>,
    slotBits: UInt64, seed: HashSeed
  ) {
    precondition(entries.count == 1 << Int(slotBits) && filter.count == entries.count / 16)
    self.entries = entries
    self.filter = filter
    self.slotBits = slotBits
    multiplier = seed.first | 1
  }

  private init(slotBits: UInt64, multiplier: UInt64) {
    self.slotBits = slotBits
    self.multiplier = multiplier
    let slotCount = 1 << Int(slotBits)
    entries = TableMemory(repeating: Self.free, count: slotCount)
    filter = TableMemory(repeating: 0, count: slotCount / 16)
  }

  /// Sets the rank of a pair; a later one replaces an earlier one, as in tokenizers.
  ///
  /// - Precondition: The tokens have 24 bits, and the rank is less than ``none``.
  mutating func insert(left: TokenID, right: TokenID, rank: UInt32) {
    if (count + 1) * 2 > 1 << Int(slotBits) { grow() }
    while !insert(hash: view.hash(left, right), rank: rank) { grow() }
  }

  /// - Returns: Whether the entry is near enough to where it is searched for.
  private mutating func insert(hash: UInt64, rank: UInt32) -> Bool {
    let view = view
    var slot = view.firstSlot(hash)
    var key = view.key(hash)
    let distanceLimit = 1 << (slotBits - 8) - 1 as UInt64
    for _ in 0...distanceLimit {
      // SAFETY: slots are masked to the slot count, and the filter has four bits for each.
      let entry = unsafe entries.pointer[slot]
      if entry == Self.free || entry >> 24 == key {
        if entry == Self.free { count += 1 }
        unsafe entries.pointer[slot] = key << 24 | UInt64(rank)
        let (word, bit) = view.filterPlace(hash)
        unsafe filter.pointer[word] |= bit
        return true
      }
      slot = (slot + 1) & (1 << Int(slotBits) - 1)
      key += 1
    }
    return false
  }

  private mutating func grow() {
    var newBits = slotBits + 1
    while true {
      var larger = PairTable(slotBits: newBits, multiplier: multiplier)
      if larger.insertAll(of: self) {
        self = larger
        return
      }
      newBits += 1
    }
  }

  private mutating func insertAll(of other: borrowing PairTable) -> Bool {
    let slotCount = 1 << Int(other.slotBits)
    let distanceBits = other.slotBits - 8
    for slot in 0..<slotCount {
      // SAFETY: within the slots.
      let entry = unsafe other.entries.pointer[slot]
      if entry == Self.free { continue }
      let distance = Int(entry >> 24 & (1 << distanceBits - 1))
      let first = UInt64((slot - distance) & (slotCount - 1))
      let hash = first << (Self.hashBits - other.slotBits) | entry >> (24 + distanceBits)
      if !insert(hash: hash, rank: UInt32(entry & UInt64(Self.none))) { return false }
    }
    return true
  }

  /// The table for a kernel, which must not outlive the table.
  @unsafe
  func kernelTable(results: UnsafePointer<TokenID>?) -> tk_pair_table {
    unsafe tk_pair_table(
      entries: entries.pointer, filter: filter.pointer, multiplier: multiplier,
      slot_bits: slotBits,
      results: results)
  }

  /// The table for the inner loop, which must not outlive the table.
  var view: View {
    unsafe View(
      entries: entries.pointer, filter: filter.pointer, multiplier: multiplier,
      slotBits: slotBits,
      mask: 1 << Int(slotBits) - 1)
  }

  /// The table's memory, for the inner loop.
  @safe
  struct View {
    fileprivate let entries: UnsafeMutablePointer<UInt64>
    fileprivate let filter: UnsafeMutablePointer<UInt64>
    fileprivate let multiplier: UInt64
    fileprivate let slotBits: UInt64
    fileprivate let mask: Int

    /// A hash of 48 bits, the upper ones of which depend on all bits of the pair.
    @inline(__always)
    fileprivate func hash(_ left: TokenID, _ right: TokenID) -> UInt64 {
      (UInt64(left) &<< 24 | UInt64(right)) &* multiplier & (1 &<< PairTable.hashBits &- 1)
    }

    @inline(__always)
    fileprivate func firstSlot(_ hash: UInt64) -> Int {
      Int(truncatingIfNeeded: hash &>> (PairTable.hashBits &- slotBits))
    }

    /// What the entry of a hash begins with if it is where the search begins.
    @inline(__always)
    fileprivate func key(_ hash: UInt64) -> UInt64 {
      (hash &<< (16 &+ slotBits)) &>> 24
    }

    /// The word and the bit of the filter that tell whether a key of this hash may be there.
    @inline(__always)
    fileprivate func filterPlace(_ hash: UInt64) -> (word: Int, bit: UInt64) {
      let index = hash &>> (PairTable.hashBits &- 2 &- slotBits)
      return (Int(truncatingIfNeeded: index &>> 6), 1 &<< (index & 63))
    }

    /// The rank of a pair, or ``PairTable/none``.
    @inline(__always)
    func rank(_ left: TokenID, _ right: TokenID) -> UInt32 {
      let hash = hash(left, right)
      let (word, bit) = filterPlace(hash)
      // SAFETY: the filter has four bits for each slot; slots are masked to the slot count, and half
      // of them are free. The lower bits of a free one are `none`.
      if unsafe filter[word] & bit == 0 { return PairTable.none }
      var slot = firstSlot(hash)
      var key = key(hash)
      let farthest = key | (1 &<< (slotBits &- 8) &- 1)
      while true {
        let entry = unsafe entries[slot]
        if entry &>> 24 == key || entry == PairTable.free {
          return UInt32(truncatingIfNeeded: entry) & PairTable.none
        }
        if key == farthest { return PairTable.none }
        slot = (slot &+ 1) & mask
        key &+= 1
      }
    }
  }
}
