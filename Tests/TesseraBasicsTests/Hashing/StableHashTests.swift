import TesseraBasics
import Testing

@Suite struct StableHashTests {
  /// By the definition in the type's comment, computed with Python's integers.
  @Test(
    arguments: [
      ([], 0, 0xB4C2_5B86_B334_4450), (Array("a".utf8), 0, 0xB1DE_FAD7_BD8A_14C0),
      (Array("12345678".utf8), 0, 0xDCDD_0D57_0D6E_2676),
      (Array("the quick brown fox".utf8), 42, 0x70D8_4CBC_BB34_E72F),
    ] as [([UInt8], UInt64, UInt64)])
  func `gives the same values for ever`(bytes: [UInt8], seed: UInt64, expected: UInt64) {
    #expect(StableHash.hash(of: bytes, seed: seed) == expected)
  }

  @Test func `does not depend on the pieces`() {
    var random = SplitMix64(seed: 8)
    for count in 0..<70 {
      let bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      let whole = StableHash.hash(of: bytes)
      for _ in 0..<5 {
        var hash = StableHash()
        var start = 0
        while start < count {
          let end = min(count, start + random.below(12))
          hash.update(Array(bytes[start..<end]))
          start = end
        }
        #expect(hash.finalize() == whole)
      }
    }
  }

  @Test func `every input bit changes about half of the output bits`() {
    let bytes = Array("some text of thirty-two bytes...".utf8)
    let whole = StableHash.hash(of: bytes)
    var seen: Set<UInt64> = [whole]
    for bit in 0..<bytes.count * 8 {
      var copy = bytes
      copy[bit / 8] ^= 1 << (bit % 8)
      let hash = StableHash.hash(of: copy)
      seen.insert(hash)
      #expect((8...56).contains((hash ^ whole).nonzeroBitCount))
    }
    // Zeros at the end count as well.
    for count in 0..<20 { seen.insert(StableHash.hash(of: [UInt8](repeating: 0, count: count))) }
    #expect(seen.count == 1 + bytes.count * 8 + 20)
  }
}
