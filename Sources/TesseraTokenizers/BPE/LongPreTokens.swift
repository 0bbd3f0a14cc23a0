internal import CTesseraKernels

// Pre-tokens of 16 to 48 bytes, found by a hash of 64 bits and then compared: open addressing.
//
//   offset  size  content of an entry
//        0     8  the hash; zero where free, 2 while it is written
//        8     4  where the tokens begin in the list of words; the bytes are behind them
//       12     2  the number of tokens
//       14     2  the number of bytes
//
// Several encoders read and write it without a lock, as `ShortPreTokens` describes.

/// A table of long pre-tokens, of one size.
@safe
final class LongPreTokens: @unchecked Sendable {
  // SAFETY (Sendable): entries are written as described in `ShortPreTokens`.
  struct Entry {
    var hash: UInt64
    var start: UInt32
    var tokenCount: UInt16
    var size: UInt16
  }

  private let entries: ZeroedMemory<Entry>
  private let room: TableRoom

  private static let free: UInt64 = 0
  private static let locked: UInt64 = 2

  init(slotCount: Int) {
    entries = ZeroedMemory(count: slotCount)
    room = TableRoom(slotCount: slotCount)
  }

  var slotCount: Int { entries.count }

  /// Room for so many entries that are inserted by the caller; zero if the table is full.
  func takeRoom() -> Int { room.take() }

  /// A table of twice the size with the same entries.
  func grown() -> LongPreTokens {
    let larger = LongPreTokens(slotCount: slotCount * 2)
    var count = 0
    for slot in 0..<slotCount {
      // SAFETY: the new table has more slots than entries.
      let entry = unsafe entries.pointer + slot
      if unsafe tk_load_acquire(entry) <= Self.locked { continue }
      unsafe larger.insert(entry.pointee)
      count += 1
    }
    larger.room.take(count)
    return larger
  }

  /// A hash of a long pre-token that is neither free nor locked.
  ///
  /// - Precondition: There are eight bytes or more.
  @unsafe
  static func hash(_ preToken: UnsafeRawBufferPointer, _ seed: HashSeed) -> UInt64 {
    // SAFETY: the last load overlaps the one before it.
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
    unsafe tk_prefetch(entries.pointer + slot(hash))
  }

  @inline(__always)
  private func slot(_ hash: UInt64) -> Int {
    Int(truncatingIfNeeded: hash &>> 32) & (slotCount &- 1)
  }

  /// The tokens of a pre-token, or `nil` if it is not known.
  @unsafe
  func find(
    _ preToken: UnsafeRawBufferPointer, hash: UInt64, in words: PreTokenWords
  ) -> UnsafeBufferPointer<TokenID>? {
    var slot = slot(hash)
    // SAFETY: `slot` is masked to the slot count, and some slots are always free.
    while true {
      let entry = unsafe entries.pointer + slot
      let found = unsafe tk_load_acquire(entry)
      if found == Self.free { return nil }
      if unsafe found == hash && Int(entry.pointee.size) == preToken.count {
        let tokens = unsafe words.words(
          from: entry.pointee.start, count: Int(entry.pointee.tokenCount))
        if unsafe words.holds(preToken, at: Int(entry.pointee.start) + tokens.count) {
          return unsafe tokens
        }
      }
      slot = (slot + 1) & (slotCount - 1)
    }
  }

  /// Inserts an entry.
  ///
  /// - Precondition: There is room for it.
  func insert(_ new: Entry) {
    var slot = slot(new.hash)
    // SAFETY: as above.
    while true {
      let entry = unsafe entries.pointer + slot
      if unsafe tk_exchange_if_equal(entry, Self.free, Self.locked) != 0 {
        unsafe entry.pointee.start = new.start
        unsafe entry.pointee.tokenCount = new.tokenCount
        unsafe entry.pointee.size = new.size
        unsafe tk_store_release(entry, new.hash)
        return
      }
      slot = (slot + 1) & (slotCount - 1)
    }
  }
}
