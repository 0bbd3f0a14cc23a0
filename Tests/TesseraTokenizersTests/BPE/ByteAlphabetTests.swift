import TesseraTokenizers
import Testing

@Suite struct ByteAlphabetTests {
  @Test func `spells each byte as one printable character, and back`() {
    var seen: Set<Unicode.Scalar> = []
    for byte in UInt8.min...UInt8.max {
      let scalar = ByteAlphabet.scalar(for: byte)
      #expect(seen.insert(scalar).inserted)
      #expect(ByteAlphabet.bytes(spelledBy: String(scalar)) == [byte])
    }
    #expect(ByteAlphabet.string(for: Array(" \n\tA\u{7F}".utf8)) == "ĠĊĉAġ")
    #expect(ByteAlphabet.string(for: [0xAD]) == "\u{143}")
  }

  @Test func `reads its own spelling and nothing else`() {
    let all = Array(UInt8.min...UInt8.max)
    #expect(ByteAlphabet.bytes(spelledBy: ByteAlphabet.string(for: all)) == all)
    for text in [" ", "\u{144}", "漢", "a b", "\u{AD}", "\n"] {
      #expect(ByteAlphabet.bytes(spelledBy: text) == nil)
    }
    let broken: [[UInt8]] = [[0xC4], [0xC4, 0x41], [0x80], [0xE0, 0x80, 0x80]]
    for bytes in broken { #expect(ByteAlphabet.bytes(spelledBy: bytes.span) == nil) }
  }
}
