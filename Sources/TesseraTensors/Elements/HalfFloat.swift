/// A number in 16 half-precision bits, IEEE 754 binary16.
///
/// The standard library's `Float16` is missing on some platforms; this type converts and no more.
public struct HalfFloat: Hashable, Sendable {
  /// Sign, 5 bits of exponent, 10 bits of fraction.
  public var bitPattern: UInt16

  /// The number with the given bits.
  @inlinable
  public init(bitPattern: UInt16) {
    self.bitPattern = bitPattern
  }

  /// The nearest half float, ties to the even one; from 65,520 on infinite.
  @inlinable
  public init(_ value: Float) {
    let sign = UInt16(truncatingIfNeeded: value.bitPattern >> 16) & 0x8000
    let magnitude = value.bitPattern & 0x7fff_ffff
    let half: UInt16
    if magnitude > 0x7f80_0000 {
      half = 0x7e00
    } else if magnitude >= 0x477f_f000 {
      half = 0x7c00
    } else if magnitude >= 0x3880_0000 {
      // A normal number: drop 13 bits of fraction, ties to even, and change the exponent's bias.
      let rounded = magnitude &+ 0xfff &+ (magnitude >> 13 & 1)
      half = UInt16(truncatingIfNeeded: (rounded >> 13) &- (112 << 10))
    } else {
      // Below the normal numbers the spacing is 2^-24. In [0.5, 1) a binary32 has that spacing,
      // so the addition rounds, and the fraction's low bits are the result.
      let shifted = Float(bitPattern: magnitude) + 0.5
      half = UInt16(truncatingIfNeeded: shifted.bitPattern &- (0.5 as Float).bitPattern)
    }
    self.bitPattern = sign | half
  }

  /// The same number as a binary32, exactly.
  @inlinable
  public var floatValue: Float {
    let sign = UInt32(bitPattern & 0x8000) << 16
    let magnitude = UInt32(bitPattern & 0x7fff)
    if magnitude >= 0x7c00 {
      return Float(bitPattern: sign | 0x7f80_0000 | (magnitude & 0x3ff) << 13)
    }
    if magnitude >= 0x400 {
      return Float(bitPattern: sign | (magnitude << 13) &+ (112 << 23))
    }
    let small = Float(magnitude) * 0x1p-24
    return Float(bitPattern: sign | small.bitPattern)
  }
}
