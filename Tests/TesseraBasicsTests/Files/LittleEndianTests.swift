import Testing

@testable import TesseraBasics

@Suite struct LittleEndianTests {
  @Test func `the lowest byte comes first`() {
    var bytes: [UInt8] = [9]
    bytes.append(littleEndian: 0x1234 as UInt16)
    bytes.append(littleEndian: -2 as Int32)
    #expect(bytes == [9, 0x34, 0x12, 0xFE, 0xFF, 0xFF, 0xFF])
    #expect(
      [0x0102_0304, 5].littleEndianBytes == [4, 3, 2, 1, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0])
    #expect([UInt64]().littleEndianBytes.isEmpty)
  }

  @Test func `reading gives what was written`() {
    for number in [0, 1, 0x80, 0xFF00, 0x0123_4567_89AB_CDEF, -1, .min, .max] as [Int] {
      #expect(Int(littleEndianBytes: [number].littleEndianBytes) == number)
      let low = UInt32(truncatingIfNeeded: number)
      #expect(UInt32(littleEndianBytes: [low].littleEndianBytes) == low)
    }
  }

  @Test func `fewer bytes are the lowest ones, and more are dropped`() {
    #expect(UInt64(littleEndianBytes: []) == 0)
    #expect(UInt64(littleEndianBytes: [0x34, 0x12]) == 0x1234)
    #expect(UInt16(littleEndianBytes: [0x34, 0x12, 0x56]) == 0x1234)
  }
}
