internal import CTesseraKernels

// A few thousand words are most of every text. They are counted beside the table, in memory that stays
// near the processor: one entry for each place, with the pre-token that came there last. When another
// one comes, the count of the one before is added to the table.

/// The pre-tokens that came last, and how often they came since they are here.
@safe
final class RecentPreTokens: @unchecked Sendable {
  // SAFETY (Sendable): it belongs to one lane, which one thread uses at a time.
  struct Entry {
    var low: UInt64
    /// Zero where there is none yet.
    var high: UInt64
    var count: UInt64
    /// Entries are of 32 bytes, as ``PreTokenSlots`` has them.
    var unused: UInt64
  }

  private let entries: ZeroedMemory<Entry>
  private let slots: PreTokenSlots

  /// How many there are at most.
  static let count = 1 << 13

  init() {
    entries = ZeroedMemory(count: Self.count)
    unsafe slots = PreTokenSlots(entries.pointer, count: Self.count, seed: .process)
  }

  /// Computes the keys of pre-tokens and their places here until one is too long.
  ///
  /// - Returns: How many there were before it.
  @unsafe
  func find(
    _ text: UnsafeBufferPointer<UInt8>, from start: Int, to ends: UnsafePointer<Int>, count: Int,
    into pending: UnsafeMutablePointer<PendingPreToken>
  ) -> Int {
    // SAFETY: as the caller says.
    guard let base = text.baseAddress else { return 0 }
    return unsafe slots.find(base, text.count, from: start, to: ends, count: count, into: pending)
  }

  /// Counts a pre-token.
  ///
  /// - Returns: The entry that was in its place, if that was another one; else one without a key.
  @inline(__always)
  func add(_ key: PendingPreToken) -> Entry {
    // SAFETY: places are below the number of entries.
    let place = unsafe entries.pointer + key.slot
    var old = unsafe place.pointee
    let isSame = old.low == key.low && old.high == key.high
    unsafe place.pointee = Entry(
      low: key.low, high: key.high, count: isSame ? old.count &+ 1 : 1, unused: 0)
    if isSame { old.high = 0 }
    return old
  }

  /// Adds all counts to a table; there is none here then.
  func settle(in table: inout PreTokenTable) {
    for place in 0..<Self.count {
      // SAFETY: as above.
      let entry = unsafe entries.pointer[place]
      if entry.high == 0 { continue }
      table.add(InlineKey(low: entry.low, high: entry.high), count: entry.count)
      unsafe entries.pointer[place].high = 0
    }
  }
}
