/// A 64-bit hash that is the same in every process, on every machine, and in the next version.
///
/// For decisions that must come out the same tomorrow: which documents are held out, which shard a
/// word belongs to. Not against adversaries; ``SHA256`` is. Bytes may come in any pieces.
///
/// Eight bytes at a time, as little-endian numbers, the last ones padded with zeros:
/// h ← fold((h ⊕ word) · 0x9E3779B97F4A7C15), where fold combines the two halves of the product of
/// 128 bits by exclusive or. The end mixes in the number of bytes.
public struct StableHash: Hashable, Sendable {
  private var state: UInt64
  private var pending: UInt64 = 0
  private var size: UInt64 = 0

  /// The hash of nothing so far.
  public init(seed: UInt64 = 0) { state = seed ^ 0xA076_1D64_78BD_642F }

  /// Appends bytes.
  public mutating func update(_ bytes: [UInt8]) { update(bytes.span) }

  /// Appends bytes.
  public mutating func update(_ bytes: Span<UInt8>) {
    var index = 0
    // To the next multiple of 8.
    while size & 7 != 0, index < bytes.count {
      append(bytes[index])
      index += 1
    }
    while index + 8 <= bytes.count {
      var word: UInt64 = 0
      for byte in 0..<8 { word |= UInt64(bytes[index + byte]) << UInt64(8 * byte) }
      mix(word)
      size &+= 8
      index += 8
    }
    while index < bytes.count {
      append(bytes[index])
      index += 1
    }
  }

  /// The hash of all bytes so far.
  public func finalize() -> UInt64 {
    var copy = self
    if size & 7 != 0 { copy.mix(pending) }
    copy.mix(size)
    copy.mix(0xE703_7ED1_A0B4_28DB)
    return copy.state
  }

  /// The hash of some bytes.
  public static func hash(of bytes: [UInt8], seed: UInt64 = 0) -> UInt64 {
    var hash = StableHash(seed: seed)
    hash.update(bytes)
    return hash.finalize()
  }

  private mutating func append(_ byte: UInt8) {
    pending |= UInt64(byte) << (8 * (size & 7))
    size &+= 1
    if size & 7 == 0 {
      mix(pending)
      pending = 0
    }
  }

  private mutating func mix(_ word: UInt64) {
    let product = (state ^ word).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
    // A zero would stay one: the constant keeps the chain going.
    state = (product.high ^ product.low) &+ 0x8EBC_6AF0_9C88_C6E3
  }
}
