import TesseraBasics
import TesseraTokenizers
import Testing

@Suite struct PreTokenizerTests {
  /// Short strings over characters of every class and of every special meaning in the patterns.
  private static let alphabet: [[UInt8]] =
    [
      "a", "A", "s", "'", " ", "\n", "\r", "\t", "/", "1", ".", "\u{17F}", "é", "ǅ", "漢", "ʰ",
      "\u{301}", "٣", "\u{A0}", "\u{85}", "L", "l", "e", "r",
    ].map { Array($0.utf8) } + [[0xFF], [0xE6, 0xBC], [0xED, 0xA0, 0x80], [0xC0, 0x80]]

  @Test(
    arguments: PreTokenizerPattern.knownSpellings.flatMap { pattern, spellings in
      spellings.map { (pattern, $0) }
    })
  func `agrees with the expression itself on every short text`(
    pattern: PreTokenizerPattern, expression: String
  ) {
    let reference = PatternReference(expression: expression)
    let preTokenizer = PreTokenizer(pattern: pattern)
    var texts: [[UInt8]] = []
    for first in Self.alphabet {
      for second in Self.alphabet {
        texts.append(first + second)
        for third in Self.alphabet.prefix(8) { texts.append(first + second + third) }
      }
    }
    for text in texts where reference.preTokenSizes(of: text) != sizes(text, preTokenizer) {
      Issue.record("\(text): \(reference.preTokenSizes(of: text)), \(sizes(text, preTokenizer))")
    }
  }

  @Test(
    arguments: PreTokenizerPattern.knownSpellings.flatMap { pattern, spellings in
      spellings.map { (pattern, $0) }
    })
  func `agrees with the expression itself on random texts`(
    pattern: PreTokenizerPattern, expression: String
  ) {
    let reference = PatternReference(expression: expression)
    let preTokenizer = PreTokenizer(pattern: pattern)
    var random = SplitMix64(seed: 7)
    for _ in 0..<1_000 {
      let text = randomText(&random, length: 4 + random.below(12))
      if reference.preTokenSizes(of: text) != sizes(text, preTokenizer) {
        Issue.record("\(text): \(reference.preTokenSizes(of: text)), \(sizes(text, preTokenizer))")
      }
    }
  }

  @Test(
    arguments: PreTokenizerPattern.knownSpellings.flatMap { pattern, spellings in
      spellings.map { (pattern, $0) }
    })
  func `agrees with the expression itself on words of every length, before anything and at the end`(
    pattern: PreTokenizerPattern, expression: String
  ) {
    let reference = PatternReference(expression: expression)
    let preTokenizer = PreTokenizer(pattern: pattern)
    // Letters are looked at eight and more at a time, and otherwise near the end of the text.
    let letters = Array("abcdefghijklmnopqrst".utf8)
    for count in 1...20 {
      let word = Array(letters.prefix(count))
      let words = [word, [32] + word]
      let endings = [[], Array("'s now, and so on to the end".utf8)]
      for text in words.flatMap({ word in Self.alphabet.map { word + $0 } }) {
        for ending in endings {
          let text = text + ending
          if reference.preTokenSizes(of: text) != sizes(text, preTokenizer) {
            Issue.record("\(text)")
          }
        }
      }
    }
  }

  @Test(arguments: PreTokenizerPattern.allCases)
  func `gives the same pre-tokens for the parts at a safe split`(pattern: PreTokenizerPattern) {
    let preTokenizer = PreTokenizer(pattern: pattern)
    var random = SplitMix64(seed: 11)
    var splitCount = 0
    for _ in 0..<3_000 {
      let text = randomText(&random, length: 10 + random.below(20))
      let limit = random.below(text.count + 1)
      guard let split = preTokenizer.safeSplit(before: limit, in: text.span) else { continue }
      splitCount += 1
      #expect(split > 0 && split <= limit)
      let left = sizes(Array(text[..<split]), preTokenizer)
      let right = sizes(Array(text[split...]), preTokenizer)
      #expect(left + right == sizes(text, preTokenizer), "\(text) at \(split)")
    }
    #expect(pattern == .none ? splitCount == 0 : splitCount > 500)
  }

  @Test func `keeps white space at the end whole in tiktoken's cl100k only`() {
    let text = Array("a  \n  ".utf8)
    #expect(sizes(text, PreTokenizer(pattern: .cl100k)) == [1, 5])
    #expect(sizes(text, PreTokenizer(pattern: .llama3)) == [1, 3, 2])
  }

  @Test func `gives one pre-token without a pattern, and none for no text`() {
    #expect(sizes(Array("one two".utf8), PreTokenizer(pattern: .none)) == [7])
    for pattern in PreTokenizerPattern.allCases {
      #expect(sizes([], PreTokenizer(pattern: pattern)) == [])
    }
  }

  @Test func `knows its own spellings and no others`() {
    for pattern in PreTokenizerPattern.allCases where pattern != .none {
      #expect(PreTokenizerPattern(expression: pattern.huggingFaceExpression!) == pattern)
      #expect(PreTokenizerPattern(expression: pattern.tiktokenExpression!) == pattern)
    }
    #expect(PreTokenizerPattern(expression: #"\w+"#) == nil)
  }

  private func sizes(_ text: [UInt8], _ preTokenizer: PreTokenizer) -> [Int] {
    var result: [Int] = []
    preTokenizer.forEachPreToken(in: text.span) { result.append($0.count) }
    return result
  }

  private func randomText(_ random: inout SplitMix64, length: Int) -> [UInt8] {
    (0..<length).flatMap { _ in Self.alphabet[random.below(Self.alphabet.count)] }
  }
}
