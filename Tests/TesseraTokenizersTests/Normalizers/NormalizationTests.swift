import TesseraBasics
import TesseraTestSupport
import TesseraTokenizers
import Testing

@Suite struct NormalizationTests {
  @Test func `gives what Hugging Face's normalizers give`() throws {
    let file = try readFile(fixturePath("tokenizers/normalization.json"), limit: 1 << 20)
    let cases = try #require(JSONValue(parsing: file).array)
    #expect(cases.count == 200)
    for value in cases {
      let text = Array(try #require(value["text"]?.string).utf8)
      for form in Normalization.allCases where form != .none {
        let expected = Array(try #require(value[form.rawValue]?.string).utf8)
        #expect(form.normalized(text) == expected, "\(form) of \(text)")
        #expect(form.normalized(expected) == expected, "\(form) of its own result")
      }
    }
  }

  @Test(arguments: Normalization.allCases)
  func `leaves ASCII and bytes that are not UTF-8 alone`(form: Normalization) {
    let texts: [[UInt8]] = [
      [], Array("plain text".utf8), Array(repeating: 65, count: 1_000), [0xFF, 0xFE, 0x41],
      [0xC3], [0x41, 0xED, 0xA0, 0x80, 0x42], [0xCC, 0x81, 0xCC],
    ]
    for text in texts { #expect(form.normalized(text) == text) }
  }

  @Test func `normalizes between bytes that are not UTF-8`() {
    let text = [0xFF] + Array("e\u{301}".utf8) + [0xFF] + Array("e\u{301}".utf8)
    #expect(Normalization.nfc.normalized(text) == [0xFF, 0xC3, 0xA9, 0xFF, 0xC3, 0xA9])
  }

  @Test(arguments: [Normalization.nfc, .nfd])
  func `puts a hundred thousand marks in order without quadratic time`(form: Normalization) {
    // Above, below, above, below: each mark below moves before all marks above.
    let marks = String(repeating: "\u{308}\u{323}", count: 50_000)
    let text = Array(("q" + marks).utf8)
    let expected =
      "q" + String(repeating: "\u{323}", count: 50_000)
      + String(repeating: "\u{308}", count: 50_000)
    #expect(form.normalized(text) == Array(expected.utf8))
  }
}
