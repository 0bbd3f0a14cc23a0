/// A number in 16 brain-float bits: the upper half of a binary32.
public struct BFloat16: Hashable, Sendable {
  /// Sign, 8 bits of exponent, 7 bits of fraction.
  public var bitPattern: UInt16

  /// The number with the given bits.
  @inlinable
  public init(bitPattern: UInt16) {
    self.bitPattern = bitPattern
  }

  /// The nearest brain float, ties to the even one; a not-a-number keeps its sign and turns quiet.
  @inlinable
  public init(_ value: Float) {
    let bits = value.bitPattern
    let isNaN = bits & 0x7fff_ffff > 0x7f80_0000
    // Half of the lost part, and one more when the kept part is odd: ties go to even.
    let rounded = (bits &+ 0x7fff &+ (bits >> 16 & 1)) >> 16
    self.bitPattern = UInt16(truncatingIfNeeded: isNaN ? bits >> 16 | 0x40 : rounded)
  }

  /// The same number as a binary32, exactly.
  @inlinable
  public var floatValue: Float {
    Float(bitPattern: UInt32(bitPattern) << 16)
  }
}
