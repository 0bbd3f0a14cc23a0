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

  /// Characters of combining class 0 that stand for marks alone.
  static let hiddenMarks: [(form: Normalization, characters: [Unicode.Scalar])] = [
    (.nfd, ["\u{F73}", "\u{F75}", "\u{F81}"]),
    (.nfkd, ["\u{F73}", "\u{F75}", "\u{F81}", "\u{FF9E}", "\u{FF9F}"]),
  ]

  static func scalars(_ text: [UInt8]) -> [Unicode.Scalar] {
    Array(String(decoding: text, as: UTF8.self).unicodeScalars)
  }

  @Test func `orders marks that other characters stand for`() throws {
    for (form, characters) in Self.hiddenMarks {
      var found: [Unicode.Scalar] = []
      for code in 0x80..<0x30000 as Range<UInt32> {
        guard let scalar = Unicode.Scalar(code),
          scalar.properties.canonicalCombiningClass == .notReordered,
          let normalized = form.normalized(Array(String(scalar).utf8).span),
          let first = Self.scalars(normalized).first,
          first.properties.canonicalCombiningClass != .notReordered
        else { continue }
        found.append(scalar)
      }
      #expect(found == characters, "\(form)")

      // Few marks are left to ICU, and many are not.
      for count in [1, 50] {
        let marks = (characters + ["\u{301}", "\u{323}"]).map { String($0) }.joined()
        let text = Array(("q" + String(repeating: marks, count: count)).utf8)
        let decomposed = Self.scalars(text).flatMap {
          Self.scalars(form.normalized(Array(String($0).utf8)))
        }
        let expected = decomposed.enumerated().sorted {
          ($0.element.properties.canonicalCombiningClass.rawValue, $0.offset)
            < ($1.element.properties.canonicalCombiningClass.rawValue, $1.offset)
        }.map(\.element)
        #expect(Self.scalars(form.normalized(text)) == expected, "\(form), \(count)")
        let composing: Normalization = form == .nfd ? .nfc : .nfkc
        #expect(composing.normalized(text) == composing.normalized(form.normalized(text)))
      }
    }
  }

  @Test(arguments: [Normalization.nfc, .nfd, .nfkc, .nfkd])
  func `does not depend on how long stretches are cut`(form: Normalization) throws {
    let file = try readFile(fixturePath("tokenizers/normalization.json"), limit: 1 << 20)
    let texts = try #require(JSONValue(parsing: file).array).compactMap { $0["text"]?.string }
    let text = Array((texts.joined() + String(repeating: "각한글", count: 100)).utf8)
    let expected = form.normalized(text)
    for limit in [8, 50, 1_000] {
      #expect(form.normalized(text.span, segmentLimit: limit) ?? text == expected)
    }
  }

  @Test(arguments: ["\u{F73}", "\u{F75}\u{301}", "\u{F81}\u{F71}", "\u{301}\u{FF9E}"])
  func `takes linear time for a long run of marks, hidden or not`(marks: String) {
    for form in [Normalization.nfc, .nfkd] {
      let growth = timeGrowth(from: 3_000) { size in
        _ = form.normalized(Array(("a" + String(repeating: marks, count: size)).utf8))
      }
      #expect(growth < quadraticGrowth, "\(form)")
    }
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
