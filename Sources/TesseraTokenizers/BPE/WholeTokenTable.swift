internal import CTesseraKernels

/// The tokens of up to 15 bytes by their packed bytes: whether a pre-token is a token as a whole.
///
/// The same question to ``TokenTable`` waits for memory three times, this one once. At most half of
/// the slots are used.
@safe
struct WholeTokenTable: ~Copyable, @unchecked Sendable {
  // SAFETY (Sendable): the memory is written in `init` only.
  struct Key {
    var low: UInt64
    /// Zero where the slot is free.
    var high: UInt64
  }

  let keys: TableMemory<Key>
  let ids: TableMemory<TokenID>
  private let seed: HashSeed

  init(_ tokens: TokenTable, seed: HashSeed = .process) {
    self.seed = seed
    var slotCount = 16
    while slotCount < tokens.count * 2 { slotCount *= 2 }
    keys = TableMemory(repeating: Key(low: 0, high: 0), count: slotCount)
    ids = TableMemory(repeating: 0, count: slotCount)
    tokens.forEachFound { id, bytes in
      if bytes.count > PackedPreToken.sizeLimit { return }
      // SAFETY: the bytes are there, and `slot` is below the slot count.
      let (low, high) = unsafe bytes.withUnsafeBufferPointer {
        unsafe PackedPreToken.pack($0.baseAddress!, $0.count, $0.count)
      }
      let slot = slot(low: low, high: high)
      unsafe keys.pointer[slot] = Key(low: low, high: high)
      unsafe ids.pointer[slot] = id
    }
  }

  /// A table out of its parts, which are what they must be.
  ///
  /// - Precondition: There is an ID for each key, the keys are a power of two, and one of them is free.
  init(
    keys: consuming TableMemory<Key>, ids: consuming TableMemory<TokenID>, seed: HashSeed
  ) {
    precondition(keys.count == ids.count && keys.count.nonzeroBitCount == 1)
    self.keys = keys
    self.ids = ids
    self.seed = seed
  }

  /// The token that a packed pre-token is, or `nil`.
  @inline(__always)
  func id(low: UInt64, high: UInt64) -> TokenID? {
    let slot = slot(low: low, high: high)
    // SAFETY: `slot` is below the slot count.
    return unsafe keys.pointer[slot].high == 0 ? nil : ids.pointer[slot]
  }

  /// Has the slot fetched where the search for a packed pre-token begins.
  @inline(__always)
  func prefetch(low: UInt64, high: UInt64) {
    // SAFETY: the slot is below the slot count.
    unsafe tk_prefetch(keys.pointer + firstSlot(low: low, high: high))
  }

  @inline(__always)
  private func firstSlot(low: UInt64, high: UInt64) -> Int {
    Int(truncatingIfNeeded: seed.hash(low, high) &>> 20) & (keys.count &- 1)
  }

  /// The slot where a key is, or the free one where it would go.
  @inline(__always)
  private func slot(low: UInt64, high: UInt64) -> Int {
    let mask = keys.count - 1
    var slot = firstSlot(low: low, high: high)
    // SAFETY: `slot` is masked to the slot count, and half of the slots are free.
    while unsafe keys.pointer[slot].high != 0 {
      if unsafe keys.pointer[slot].low == low && keys.pointer[slot].high == high { break }
      slot = (slot + 1) & mask
    }
    return slot
  }
}
