// Numbers in files and in what is hashed: the lowest byte first, whatever the machine has.
//
// Hot loops over words do the same in their own way: `Checksum`, `StableHash`, `ElementType`. Compiled
// tokenizers have the machine's own order, since they are used where they are in the file.

extension FixedWidthInteger {
  /// The number that bytes are, the lowest first.
  ///
  /// Fewer bytes than the number has are its lowest ones; bytes beyond its width are dropped.
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

extension Sequence where Element: FixedWidthInteger {
  /// The bytes of the numbers one after another, of each the lowest first.
  @inlinable
  package var littleEndianBytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(underestimatedCount * (Element.bitWidth / 8))
    for number in self { bytes.append(littleEndian: number) }
    return bytes
  }
}
