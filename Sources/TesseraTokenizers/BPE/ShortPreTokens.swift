internal import CTesseraKernels
internal import Synchronization

// Pre-tokens of up to 15 bytes, packed into 16 with their size in the last one, and their tokens: open
// addressing in entries of 32 bytes.
//
//   offset  size  content of an entry
//        0     8  the first eight bytes
//        8     8  the others, zeros, and the size (1 to 15); zero where free, 1 while it is written
//       16    12  up to three tokens
//       28     4  the number of tokens; above three, the first word is their place in the list
//
// Several encoders read and write it without a lock. The word at offset 8 is what publishes an entry:
// whoever changes it from zero writes the rest, and sets it to the key at last. Entries that are
// published never change. Where two encoders write the same pre-token at a time, there are two entries.

/// A table of short pre-tokens, of one size.
@safe
final class ShortPreTokens: @unchecked Sendable {
  // SAFETY (Sendable): entries are written as described above.
  struct Entry {
    var low: UInt64
    var high: UInt64
    var first: TokenID
    var second: TokenID
    var third: TokenID
    var count: UInt32
  }

  private let entries: ZeroedMemory<Entry>
  private let room: TableRoom
  let seed: HashSeed

  fileprivate static let free: UInt64 = 0
  fileprivate static let locked: UInt64 = 1

  init(slotCount: Int, seed: HashSeed) {
    entries = ZeroedMemory(count: slotCount)
    room = TableRoom(slotCount: slotCount)
    self.seed = seed
  }

  var slotCount: Int { entries.count }

  /// Room for so many entries that are inserted by the caller; zero if the table is full.
  func takeRoom() -> Int { room.take() }

  /// A table of twice the size with the same entries.
  func grown() -> ShortPreTokens {
    let larger = ShortPreTokens(slotCount: slotCount * 2, seed: seed)
    let (old, view) = (view, larger.view)
    var count = 0
    for slot in 0..<slotCount {
      // SAFETY: the new table has more slots than entries.
      let entry = unsafe old.entries + slot
      if unsafe tk_load_acquire(UnsafeRawPointer(entry) + 8) <= Self.locked { continue }
      unsafe view.insert(entry.pointee)
      count += 1
    }
    larger.room.take(count)
    return larger
  }

  /// The table for the inner loop, which must not outlive it.
  var view: View {
    unsafe View(
      entries: entries.pointer, mask: slotCount - 1,
      slots: PreTokenSlots(entries.pointer, count: slotCount, seed: seed))
  }

  @safe
  struct View {
    fileprivate let entries: UnsafeMutablePointer<Entry>
    fileprivate let mask: Int
    /// Where keys are looked up.
    let slots: PreTokenSlots

    /// The entry of a key, if it is there.
    @inline(__always)
    @unsafe
    func entry(low: UInt64, high: UInt64, from start: Int) -> UnsafeMutablePointer<Entry>? {
      var slot = start
      // SAFETY: `slot` is masked to the slot count, and some slots are always free.
      while true {
        let entry = unsafe entries + slot
        let found = unsafe tk_load_acquire(UnsafeRawPointer(entry) + 8)
        if unsafe found == high && entry.pointee.low == low { return unsafe entry }
        if found == ShortPreTokens.free { return nil }
        slot = (slot + 1) & mask
      }
    }

    /// Inserts an entry, unless its key is there.
    ///
    /// - Precondition: There is room for it.
    func insert(_ new: Entry) {
      var slot = slots.slot(low: new.low, high: new.high)
      // SAFETY: as above.
      while true {
        let entry = unsafe entries + slot
        let found = unsafe tk_load_acquire(UnsafeRawPointer(entry) + 8)
        if found == ShortPreTokens.free {
          let published = unsafe UnsafeMutableRawPointer(entry) + 8
          if unsafe tk_exchange_if_equal(
            published, ShortPreTokens.free, ShortPreTokens.locked) != 0
          {
            unsafe entry.pointee.low = new.low
            unsafe entry.pointee.first = new.first
            unsafe entry.pointee.second = new.second
            unsafe entry.pointee.third = new.third
            unsafe entry.pointee.count = new.count
            unsafe tk_store_release(published, new.high)
            return
          }
          // Somebody else was faster: see what is there now.
          continue
        }
        if unsafe found == new.high && entry.pointee.low == new.low { return }
        slot = (slot + 1) & mask
      }
    }
  }
}
