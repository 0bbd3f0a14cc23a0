// Numbers in files and in what is hashed: the lowest byte first, whatever the machine has.

extension FixedWidthInteger {
  /// The number that bytes are, the lowest first; bytes beyond its width are dropped.
  @inlinable
  package init(littleEndianBytes bytes: some BidirectionalCollection<UInt8>) {
    self = bytes.reversed().reduce(0) { $0 << 8 | Self(truncatingIfNeeded: $1) }
  }
}

extension [UInt8] {
  /// Appends the bytes of a number, the lowest first.
  @inlinable
  package mutating func append(littleEndian number: some FixedWidthInteger) {
    for shift in stride(from: 0, to: number.bitWidth, by: 8) {
      append(UInt8(truncatingIfNeeded: number >> shift))
    }
  }
}
