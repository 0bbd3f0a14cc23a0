import TesseraBasics
import Testing

@Suite struct ChecksumTests {
  private func value(of bytes: [UInt8]) -> UInt64 { Checksum(of: bytes.span).value }

  @Test func `does not depend on the pieces that come, but on every bit and on the size`() {
    let bytes = (0..<1_000).map { UInt8(truncatingIfNeeded: $0 &* 37) }
    let whole = value(of: bytes)
    for cut in stride(from: 0, through: 992, by: Checksum.blockSize) {
      var checksum = Checksum()
      unsafe bytes[..<cut].withUnsafeBytes { unsafe checksum.update($0) }
      unsafe bytes[cut...].withUnsafeBytes { unsafe checksum.update($0) }
      #expect(checksum.value == whole)
    }
    var seen: Set<UInt64> = [whole]
    for index in bytes.indices {
      var changed = bytes
      changed[index] ^= 1 << UInt8(index % 8)
      #expect(seen.insert(value(of: changed)).inserted)
    }
    for size in 0..<100 { #expect(seen.insert(value(of: Array(bytes[..<size]))).inserted) }
    #expect(value(of: bytes + [0]) != whole)
  }

  @Test func `is the same in every process`() {
    #expect(value(of: []) == 0xd282588d38a754e7)
    #expect(value(of: Array("The river runs past the old mill.".utf8)) == 0x445965250230cec)
  }
}
