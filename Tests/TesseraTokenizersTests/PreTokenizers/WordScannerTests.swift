import TesseraBasics
import TesseraTokenizers
import Testing

@Suite struct WordScannerTests {
  /// What English and code are made of, and what stops the scanner.
  private static let pieces: [[UInt8]] = [
    "a", "to", "the", "Word", "HTTP", "iPhone", "s", "d", " ", " ", " ", "  ", "    ", "\n", "\n\n",
    "1", "12", "345", "6789", ".", ",", "(", "((", "-", "/", "_", "+=", "{", "}",
  ].map { Array($0.utf8) }
  private static let odd: [[UInt8]] =
    [
      "'s", "'", "''", "'LL", "'ll", "'re", "'rs", "'vE", "'t", "'m", "\t", "\t\t", "\r\n", "é",
      "\u{301}", "漢", "\u{A0}", "٣", "\u{17F}", "\0", "\u{7F}",
    ].map { Array($0.utf8) } + [[0xFF], [0xE6, 0xBC]]

  private static func text(_ random: inout SplitMix64, oddShare: Int) -> [UInt8] {
    (0..<60 + random.below(120)).flatMap { _ in
      oddShare > 0 && random.below(oddShare) == 0
        ? odd[random.below(odd.count)] : pieces[random.below(pieces.count)]
    }
  }

  /// The ends of all pre-tokens, found one by one.
  private static func ends(_ text: [UInt8], _ preTokenizer: PreTokenizer) -> [Int] {
    var result: [Int] = []
    preTokenizer.forEachPreToken(in: text.span, batchSize: 8) { result.append($0.upperBound) }
    return result
  }

  @Test(arguments: PreTokenizerPattern.named.filter { $0 != .none && $0 != .falcon })
  func `finds the ends that are found one by one`(pattern: PreTokenizerPattern) {
    let preTokenizer = PreTokenizer(pattern: pattern)
    var random = SplitMix64(seed: 23)
    for round in 0..<150 {
      let text = Self.text(&random, oddShare: [0, 4, 40][round % 3])
      let expected = Self.ends(text, preTokenizer)
      for scanner in WordScanner.all {
        var foundCount = 0
        for (index, start) in ([0] + expected.dropLast()).enumerated() {
          let found = scanner.ends(in: text, from: start, pattern: pattern)
          foundCount += found.count
          if found == Array(expected[index...].prefix(found.count)) { continue }
          Issue.record(
            "\(pattern.rawValue), from \(start): \(String(decoding: text, as: UTF8.self))")
          return
        }
        #expect(foundCount > 0)
      }
    }
  }

  @Test(arguments: PreTokenizerPattern.named)
  func `gives the same pre-tokens for any room`(pattern: PreTokenizerPattern) {
    let preTokenizer = PreTokenizer(pattern: pattern)
    var random = SplitMix64(seed: 29)
    for _ in 0..<50 {
      let text = Self.text(&random, oddShare: 20)
      let expected = Self.ends(text, preTokenizer)
      for batchSize in [1, 63, 64, 65, 256] {
        var found: [Int] = []
        preTokenizer.forEachPreToken(in: text.span, batchSize: batchSize) {
          found.append($0.upperBound)
        }
        #expect(found == expected, "\(batchSize)")
      }
    }
  }

  @Test func `stops where there is no room and before the end of the text`() {
    let text = Array(String(repeating: "word ", count: 100).utf8)
    for scanner in WordScanner.all {
      #expect(scanner.ends(in: text, from: 0, pattern: .gpt2, room: 63) == [])
      let found = scanner.ends(in: text, from: 0, pattern: .gpt2, room: 64)
      #expect(found.count > 10 && found.count <= 64)
      #expect(scanner.ends(in: text, from: text.count - 64, pattern: .gpt2) == [])
      #expect(scanner.ends(in: text, from: text.count - 65, pattern: .gpt2) != [])
    }
  }
}
