internal import CTesseraKernels

// Both encoding and counting look up most of their pre-tokens by their packed bytes, in tables of
// entries of 32 bytes.

/// Where packed pre-tokens are looked up: the entries of a table, and the hash that chooses one.
@safe
struct PreTokenSlots {
  private let slots: tk_slots

  /// The slots of a table, which must not outlive it.
  ///
  /// - Parameters:
  ///   - entries: The entries of 32 bytes.
  ///   - count: How many there are, a power of two.
  ///   - seed: What hashes begin with.
  init(_ entries: UnsafeRawPointer, count: Int, seed: HashSeed) {
    unsafe slots = tk_slots(
      entries: entries, first_seed: seed.first, second_seed: seed.second,
      shift: UInt64(count.leadingZeroBitCount + 1))
  }

  /// Where the search for a key begins.
  @inline(__always)
  func slot(low: UInt64, high: UInt64) -> Int {
    let seed = unsafe HashSeed(first: slots.first_seed, second: slots.second_seed)
    return unsafe Int(truncatingIfNeeded: seed.hash(low, high) &>> slots.shift)
  }

  /// Has the entry at a slot fetched.
  @inline(__always)
  func prefetch(_ slot: Int) {
    // SAFETY: slots come from `slot(low:high:)`, which is below the slot count.
    unsafe tk_prefetch(slots.entries + slot &* 32)
  }

  /// Computes the keys of pre-tokens until one is too long, and has their places in memory fetched.
  ///
  /// Nothing here waits for memory, so the processor fetches many places at the same time; looking
  /// them up one after another would wait for each.
  ///
  /// - Parameters:
  ///   - text: The text.
  ///   - textCount: How many bytes it has.
  ///   - start: Where the first pre-token begins.
  ///   - ends: Where they end.
  ///   - count: How many there are.
  ///   - pending: Room for as many.
  /// - Returns: How many there were before one is too long.
  @unsafe
  func find(
    _ text: UnsafePointer<UInt8>, _ textCount: Int, from start: Int, to ends: UnsafePointer<Int>,
    count: Int, into pending: UnsafeMutablePointer<PendingPreToken>
  ) -> Int {
    // SAFETY: the pre-tokens are within the text, and there is room for all.
    if let finder = SlotFinder.best {
      return unsafe withUnsafePointer(to: slots) {
        unsafe finder.function(text, start, ends, count, $0, pending)
      }
    }
    return unsafe findOneByOne(
      text, textCount, from: start, to: ends, count: count, into: pending)
  }

  /// The same without the instructions of one processor.
  @inline(never)
  @unsafe
  func findOneByOne(
    _ text: UnsafePointer<UInt8>, _ textCount: Int, from start: Int, to ends: UnsafePointer<Int>,
    count: Int, into pending: UnsafeMutablePointer<PendingPreToken>
  ) -> Int {
    var start = start
    for index in 0..<count {
      // SAFETY: as above.
      let end = unsafe ends[index]
      let size = end &- start
      if size > PackedPreToken.sizeLimit { return index }
      let (low, high) = unsafe PackedPreToken.pack(text + start, size, textCount &- start)
      let slot = slot(low: low, high: high)
      prefetch(slot)
      unsafe (pending + index).initialize(
        to: PendingPreToken(low: low, high: high, slot: slot, end: end))
      start = end
    }
    return count
  }
}

/// Computes keys and slots with the instructions of this processor.
@safe
struct SlotFinder: Sendable {
  let function: tk_slot_finder

  /// The finder for this processor, if there is one.
  static let best = unsafe tk_slot_finder_for(tk_best_instruction_set()).map {
    unsafe SlotFinder(function: $0)
  }
}
