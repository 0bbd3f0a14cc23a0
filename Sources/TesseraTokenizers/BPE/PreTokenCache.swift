internal import CTesseraKernels

// What pre-tokens were encoded as, so that each one is merged once.
//
// Two open-addressing tables. Pre-tokens of up to 15 bytes are packed into 16, with their size in
// the last one:
//
//   offset  size  content of an entry
//        0    16  the bytes, zeros, and the size (1 to 15); all zero where free
//       16    12  up to three tokens
//       28     4  the number of tokens; above three, the first word is their place in the list
//
// Longer ones, up to 48 bytes, are found by a 64-bit hash and then compared:
//
//   offset  size  content of an entry
//        0     8  the hash; zero where free
//        8     4  where the tokens begin in the list; the bytes are behind them
//       12     2  the number of tokens
//       14     2  the number of bytes
//
// Both tables grow up to a limit and are emptied when it is reached, so memory is bounded. They
// hold nothing but what merging gave.

/// A bounded memory of encoded pre-tokens; each encoder has its own.
@safe
struct PreTokenCache: ~Copyable {
  struct ShortEntry {
    var low: UInt64
    var high: UInt64
    var first: TokenID
    var second: TokenID
    var third: TokenID
    var count: UInt32
  }

  struct LongEntry {
    var hash: UInt64
    var start: UInt32
    var tokenCount: UInt16
    var size: UInt16
  }

  /// The longest pre-token that is remembered. Longer ones seldom come again.
  static let longSize = 48

  private let limits: EncoderLimits
  private let seed = HashSeed.process
  private var shortEntries: ZeroedMemory<ShortEntry>
  private var shortSlots: Int
  private var shortCount = 0
  /// Changes whenever slots from before have lost their meaning.
  private(set) var generation = 0
  private var longEntries: ZeroedMemory<LongEntry>
  private var longSlots: Int
  private var longCount = 0
  private var list = WordList()

  init(_ limits: EncoderLimits) {
    self.limits = limits
    shortSlots = min(1 << 13, limits.shortSlotLimit)
    longSlots = min(1 << 10, limits.longSlotLimit)
    shortEntries = ZeroedMemory(count: shortSlots)
    longEntries = ZeroedMemory(count: longSlots)
  }

  // MARK: Short pre-tokens

  /// The short table for the inner loop; any change of the cache ends its validity.
  var shortView: ShortView {
    unsafe ShortView(
      entries: shortEntries.pointer, shift: UInt64(shortSlots.leadingZeroBitCount + 1),
      mask: shortSlots - 1, seed: seed)
  }

  @safe
  struct ShortView {
    fileprivate let entries: UnsafeMutablePointer<ShortEntry>
    fileprivate let shift: UInt64
    fileprivate let mask: Int
    fileprivate let seed: HashSeed

    /// The same for a function that finds many slots.
    var slots: tk_slots {
      unsafe tk_slots(
        entries: entries, first_seed: seed.first, second_seed: seed.second, shift: shift)
    }

    /// Where the search for a key begins.
    @inline(__always)
    func slot(low: UInt64, high: UInt64) -> Int {
      Int(truncatingIfNeeded: seed.hash(low, high) &>> shift)
    }

    /// Has the entry at a slot fetched.
    @inline(__always)
    func prefetch(_ slot: Int) {
      // SAFETY: slots come from `slot(low:high:)`, which is below the slot count.
      unsafe tk_prefetch(entries + slot)
    }

    /// The entry of a key, or the free one where it would go.
    @inline(__always)
    @unsafe
    func entry(low: UInt64, high: UInt64, from start: Int) -> UnsafeMutablePointer<ShortEntry> {
      var slot = start
      // SAFETY: `slot` is masked to the slot count, and some slots are always free.
      while true {
        let entry = unsafe entries + slot
        if unsafe entry.pointee.low == low && entry.pointee.high == high { return unsafe entry }
        if unsafe entry.pointee.high == 0 { return unsafe entry }
        slot = (slot + 1) & mask
      }
    }
  }

  /// Remembers the tokens of a short pre-token.
  @unsafe
  mutating func insert(
    low: UInt64, high: UInt64, _ newTokens: UnsafeBufferPointer<TokenID>
  ) {
    if (shortCount + 1) * 3 > shortSlots * 2 { makeRoomForShort() }
    if newTokens.count > 3, list.count + newTokens.count > limits.listLimit { removeAll() }
    // SAFETY: the entry is within the table; `newTokens` has the tokens that are read.
    let view = shortView
    let entry = unsafe view.entry(low: low, high: high, from: view.slot(low: low, high: high))
    var new = ShortEntry(
      low: low, high: high, first: 0, second: 0, third: 0, count: UInt32(newTokens.count))
    if newTokens.count > 3 {
      new.first = UInt32(list.count)
      unsafe list.append(newTokens)
    } else {
      if newTokens.count > 0 { new.first = unsafe newTokens[0] }
      if newTokens.count > 1 { new.second = unsafe newTokens[1] }
      if newTokens.count > 2 { new.third = unsafe newTokens[2] }
    }
    unsafe entry.pointee = new
    shortCount += 1
  }

  private mutating func makeRoomForShort() {
    if shortSlots >= limits.shortSlotLimit {
      removeAll()
      return
    }
    generation += 1
    let old = exchange(&shortEntries, with: ZeroedMemory(count: shortSlots * 2))
    shortSlots *= 2
    let view = shortView
    for slot in 0..<old.count where unsafe old.pointer[slot].high != 0 {
      // SAFETY: the new table has more slots than entries.
      let entry = unsafe old.pointer[slot]
      let start = view.slot(low: entry.low, high: entry.high)
      unsafe view.entry(low: entry.low, high: entry.high, from: start).pointee = entry
    }
  }

  // MARK: Long pre-tokens

  /// The hash of a long pre-token, never zero.
  @unsafe
  func hash(_ preToken: UnsafeRawBufferPointer) -> UInt64 {
    // SAFETY: `preToken` has at least sixteen bytes; the last load overlaps the one before it.
    var hash = UInt64(preToken.count)
    var offset = 0
    while offset + 8 < preToken.count {
      let word = unsafe preToken.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      hash = seed.hash(hash ^ word, 0)
      offset += 8
    }
    let last = unsafe preToken.loadUnaligned(
      fromByteOffset: preToken.count - 8, as: UInt64.self)
    return seed.hash(hash ^ last, 0) | 1
  }

  /// Has the slot fetched where the search for a hash begins.
  @inline(__always)
  func prefetch(hash: UInt64) {
    // SAFETY: the slot is masked to the slot count.
    unsafe tk_prefetch(
      longEntries.pointer + (Int(truncatingIfNeeded: hash &>> 32) & (longSlots &- 1)))
  }

  /// The tokens of a long pre-token, or `nil` if it is not known.
  @unsafe
  func find(_ preToken: UnsafeRawBufferPointer, hash: UInt64) -> UnsafeBufferPointer<TokenID>? {
    let mask = longSlots - 1
    var slot = Int(truncatingIfNeeded: hash >> 32) & mask
    // SAFETY: `slot` is masked to the slot count, and some slots are always free.
    while unsafe longEntries.pointer[slot].hash != 0 {
      let entry = unsafe longEntries.pointer[slot]
      if entry.hash == hash, Int(entry.size) == preToken.count {
        let tokens = unsafe list.words(from: entry.start, count: Int(entry.tokenCount))
        if unsafe list.holds(preToken, at: Int(entry.start) + tokens.count) {
          return unsafe tokens
        }
      }
      slot = (slot + 1) & mask
    }
    return nil
  }

  /// The tokens of a short pre-token that has more than three.
  @unsafe
  func tokens(of entry: ShortEntry) -> UnsafeBufferPointer<TokenID> {
    // SAFETY: such entries begin where as many tokens follow in the list.
    unsafe list.words(from: entry.first, count: Int(entry.count))
  }

  /// Remembers the tokens of a long pre-token.
  @unsafe
  mutating func insert(
    _ preToken: UnsafeRawBufferPointer, hash: UInt64, _ newTokens: UnsafeBufferPointer<TokenID>
  ) {
    if (longCount + 1) * 3 > longSlots * 2 { makeRoomForLong() }
    let words = newTokens.count + WordList.words(for: preToken.count)
    if list.count + words > limits.listLimit { removeAll() }
    let entry = LongEntry(
      hash: hash, start: UInt32(list.count), tokenCount: UInt16(newTokens.count),
      size: UInt16(preToken.count))
    unsafe list.append(newTokens)
    unsafe list.append(bytes: preToken)
    place(entry)
    longCount += 1
  }

  private func place(_ entry: LongEntry) {
    let mask = longSlots - 1
    var slot = Int(truncatingIfNeeded: entry.hash >> 32) & mask
    // SAFETY: `slot` is masked to the slot count, and some slots are always free.
    while unsafe longEntries.pointer[slot].hash != 0 { slot = (slot + 1) & mask }
    unsafe longEntries.pointer[slot] = entry
  }

  private mutating func makeRoomForLong() {
    if longSlots >= limits.longSlotLimit {
      removeAll()
      return
    }
    let old = exchange(&longEntries, with: ZeroedMemory(count: longSlots * 2))
    longSlots *= 2
    for slot in 0..<old.count where unsafe old.pointer[slot].hash != 0 {
      place(unsafe old.pointer[slot])
    }
  }

  /// Forgets everything; the memory is kept.
  private mutating func removeAll() {
    generation += 1
    for slot in 0..<shortSlots { unsafe shortEntries.pointer[slot].high = 0 }
    for slot in 0..<shortSlots { unsafe shortEntries.pointer[slot].low = 0 }
    for slot in 0..<longSlots { unsafe longEntries.pointer[slot].hash = 0 }
    shortCount = 0
    longCount = 0
    list.removeAll()
  }
}
