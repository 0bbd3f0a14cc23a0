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

  let keys: UnsafeMutablePointer<Key>
  let ids: UnsafeMutablePointer<TokenID>
  let slotCount: Int
  private let seed: HashSeed

  init(_ tokens: TokenTable, seed: HashSeed = .process) {
    self.seed = seed
    var slotCount = 16
    while slotCount < tokens.count * 2 { slotCount *= 2 }
    self.slotCount = slotCount
    unsafe keys = allocateLarge(Key.self, count: slotCount)
    unsafe keys.initialize(repeating: Key(low: 0, high: 0), count: slotCount)
    unsafe ids = allocateLarge(TokenID.self, count: slotCount)
    unsafe ids.initialize(repeating: 0, count: slotCount)
    for id in 0..<TokenID(tokens.idBound) {
      guard let bytes = tokens.bytes(of: id), bytes.count <= PackedPreToken.sizeLimit,
        tokens.id(of: bytes) == id
      else { continue }
      // SAFETY: the bytes are there, and `slot` is below the slot count.
      let (low, high) = unsafe bytes.withUnsafeBufferPointer {
        unsafe PackedPreToken.pack($0.baseAddress!, $0.count, $0.count)
      }
      let slot = slot(low: low, high: high)
      unsafe keys[slot] = Key(low: low, high: high)
      unsafe ids[slot] = id
    }
  }

  /// A table out of its parts, which are what they must be, and now belong to it.
  @unsafe
  init(
    keys: UnsafeMutablePointer<Key>, ids: UnsafeMutablePointer<TokenID>, slotCount: Int,
    seed: HashSeed
  ) {
    unsafe self.keys = keys
    unsafe self.ids = ids
    self.slotCount = slotCount
    self.seed = seed
  }

  deinit {
    unsafe keys.deallocate()
    unsafe ids.deallocate()
  }

  /// The token that a packed pre-token is, or `nil`.
  @inline(__always)
  func id(low: UInt64, high: UInt64) -> TokenID? {
    let slot = slot(low: low, high: high)
    // SAFETY: `slot` is below the slot count.
    return unsafe keys[slot].high == 0 ? nil : ids[slot]
  }

  /// The slot where a key is, or the free one where it would go.
  @inline(__always)
  private func slot(low: UInt64, high: UInt64) -> Int {
    let mask = slotCount - 1
    var slot = Int(truncatingIfNeeded: seed.hash(low, high) &>> 20) & mask
    // SAFETY: `slot` is masked to the slot count, and half of the slots are free.
    while unsafe keys[slot].high != 0 {
      if unsafe keys[slot].low == low && keys[slot].high == high { break }
      slot = (slot + 1) & mask
    }
    return slot
  }
}
