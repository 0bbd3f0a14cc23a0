import TesseraTokenizers
import Testing

@Suite struct CharacterClassTableTests {
  @Test func `knows the classes of well-known characters`() {
    let expected: [(Unicode.Scalar, CharacterClass)] = [
      ("a", .lower), ("A", .upper), ("漢", .letter), ("ʰ", .letter), ("ǅ", .upper),
      ("\u{301}", .mark), ("7", .number), ("½", .number), (" ", .whitespace),
      ("\n", [.whitespace, .newline]), ("\u{2028}", .whitespace), ("!", .punctuation),
      ("+", .symbol), ("\0", []), ("\u{378}", []), ("\u{10FFFF}", []),
      // Assigned in Unicode 15.1 and 16.0, which older libraries do not know.
      ("\u{2EBF0}", .letter), ("\u{1C89}", .upper),
    ]
    for (scalar, characterClass) in expected {
      #expect(CharacterClassTable.shared[scalar.value] == characterClass, "\(scalar.value)")
    }
  }

  @Test func `has as many letters, numbers, marks and spaces as Unicode 16`() {
    var counts: [UInt8: Int] = [:]
    for code in 0..<UInt32(0x110000) {
      counts[CharacterClassTable.shared[code].rawValue, default: 0] += 1
    }
    func count(_ classes: CharacterClass) -> Int {
      counts.filter { $0.key & classes.rawValue != 0 }.values.reduce(0, +)
    }
    #expect(count(.letter) == 141_028)
    #expect(count(.number) == 1_911)
    #expect(count(.mark) == 2_501)
    #expect(count(.punctuation) == 855)
    #expect(count(.symbol) == 8_514)
    #expect(count(.whitespace) == 25)
  }

  @Test func `has as many word characters as the regular expressions of tokenizers`() {
    #expect((0..<UInt32(0x20000)).count { WordCharacters.contains($0) } == 73_801)
  }
}
