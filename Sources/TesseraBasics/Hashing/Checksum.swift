/// A checksum of 64 bits for large blocks of bytes, at the speed at which memory is read.
///
/// It tells a file that was damaged from the one that was written. It is the same on every machine, and
/// no protection against those who want to deceive; ``SHA256`` is.
///
/// The bytes are little-endian words of 64 bits, the last one filled up with zeros, dealt in turn to four
/// lanes. A lane is h ← fold((h ⊕ word) · 0x9E3779B97F4A7C15) + c, where fold combines the two halves of
/// the product of 128 bits by exclusive or. The end mixes the lanes and the number of bytes in the same
/// way.
public struct Checksum: Hashable, Sendable {
  private var first: UInt64 = 0xA076_1D64_78BD_642F
  private var second: UInt64 = 0xE703_7ED1_A0B4_28DB
  private var third: UInt64 = 0x8EBC_6AF0_9C88_C6E3
  private var fourth: UInt64 = 0x5899_65CC_7537_4CC3
  private var size: UInt64 = 0

  /// The number of bytes in all calls of ``update(_:)`` but the last must be a multiple of this.
  public static let blockSize = 32

  /// The checksum of nothing so far.
  public init() {}

  /// The checksum of some bytes.
  public init(of bytes: Span<UInt8>) {
    // SAFETY: the buffer is the span's memory, used inside the closure alone.
    unsafe bytes.withUnsafeBytes { unsafe update($0) }
  }

  /// Appends bytes.
  ///
  /// - Precondition: So far there is a multiple of ``blockSize`` bytes.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    precondition(size % UInt64(Self.blockSize) == 0, "only the last bytes may be an odd number")
    size += UInt64(bytes.count)
    // SAFETY: every load ends within the buffer.
    func word(_ offset: Int) -> UInt64 {
      unsafe UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
    var (a, b, c, d) = (first, second, third, fourth)
    var offset = 0
    while offset + Self.blockSize <= bytes.count {
      a = Self.mix(a, word(offset))
      b = Self.mix(b, word(offset + 8))
      c = Self.mix(c, word(offset + 16))
      d = Self.mix(d, word(offset + 24))
      offset += Self.blockSize
    }
    while offset < bytes.count {
      var last: UInt64 = 0
      for index in 0..<min(8, bytes.count - offset) {
        last |= unsafe UInt64(bytes[offset + index]) << UInt64(8 * index)
      }
      (a, b, c, d) = (b, c, d, Self.mix(a, last))
      offset += 8
    }
    (first, second, third, fourth) = (a, b, c, d)
  }

  /// The checksum of all bytes so far.
  public var value: UInt64 {
    [second, third, fourth, size].reduce(first) { Self.mix($0, $1) }
  }

  @inline(__always)
  private static func mix(_ state: UInt64, _ word: UInt64) -> UInt64 {
    let product = (state ^ word).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
    // A zero would stay one: the constant keeps the chain going.
    return (product.high ^ product.low) &+ 0x8EBC_6AF0_9C88_C6E3
  }
}
