/// Short pre-tokens as two words: the bytes, zeros, and the size in the last byte.
enum PackedPreToken {
  /// The most bytes that fit.
  static let sizeLimit = 15

  /// Packs a pre-token.
  ///
  /// - Parameters:
  ///   - bytes: The pre-token.
  ///   - size: Its size, 1 to 15.
  ///   - readable: How many bytes can be read from `bytes`, at least `size`.
  @inline(__always)
  @unsafe
  static func pack(
    _ bytes: UnsafePointer<UInt8>, _ size: Int, _ readable: Int
  ) -> (low: UInt64, high: UInt64) {
    var low: UInt64 = 0
    var high: UInt64 = 0
    if readable >= 16 {
      // SAFETY: sixteen bytes can be read.
      let raw = unsafe UnsafeRawPointer(bytes)
      low = unsafe UInt64(littleEndian: raw.loadUnaligned(as: UInt64.self))
      high = unsafe UInt64(
        littleEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
      // Shifts by 64 and more would wrap around, so the sizes from eight on are chosen apart.
      let bits = UInt64(size) &* 8
      let mask = (1 &<< bits) &- 1
      low &= size >= 8 ? UInt64.max : mask
      high &= size > 8 ? mask : 0
    } else {
      for index in 0..<size {
        // SAFETY: `size` bytes can be read.
        let byte = unsafe UInt64(bytes[index])
        if index < 8 {
          low |= byte << UInt64(index * 8)
        } else {
          high |= byte << UInt64(index * 8 - 64)
        }
      }
    }
    return (low, high | UInt64(size) << 56)
  }
}
