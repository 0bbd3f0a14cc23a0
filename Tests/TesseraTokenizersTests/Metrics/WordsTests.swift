import TesseraBasics
import TesseraTestSupport
import Testing

@testable import TesseraTokenizers

@Suite struct WordsTests {
  private static let characters = [
    "a", "é", "1", ".", "。", "「", "川", "は", "ไ", "่", "한", " ", "\n", "\u{3000}", "\u{301}", "👍",
    "\u{A0}", "ー",
  ]

  private func words(_ text: [UInt8]) -> [Range<Int>] {
    var words: [Range<Int>] = []
    Words.forEach(in: text.span) { words.append($0) }
    return words
  }

  @Test func `where words are told, one character beyond is enough for the words of a part`() {
    var random = SplitMix64(seed: 11)
    var toldCount = 0
    for seed in 0..<400 {
      var text: [UInt8] = []
      for _ in 0..<1 + random.below(12) {
        text += Self.characters[random.below(Self.characters.count)].utf8
        if random.below(8) == 0 { text.append(UInt8(truncatingIfNeeded: random.next())) }
      }
      let whole = words(text)
      for position in 1..<max(1, text.count) where Words.areTold(at: position, in: text.span) {
        toldCount += 1
        let start = UTF8Decoding.characterStart(before: position, in: text.span)
        let end = position + UTF8Decoding.scalar(in: text.span, at: position).size
        let first = words(Array(text[..<end])).filter { $0.lowerBound < position }
        let second = words(Array(text[start...])).map {
          $0.lowerBound + start..<$0.upperBound + start
        }.filter { $0.lowerBound >= position }
        // Of a word that goes on beyond the position no more is known than that.
        let expected = whole.map { word in
          word.contains(position) && word.lowerBound < position
            ? word.lowerBound..<end : word
        }
        let found = first + second
        #expect(
          found.map(\.lowerBound) == expected.map(\.lowerBound)
            && zip(found, expected).allSatisfy {
              $0 == $1 || $1.upperBound == end && $0.upperBound > position
            },
          "\(seed), \(position), \(String(decoding: text, as: UTF8.self))")
      }
    }
    #expect(toldCount > 1_000)
  }

  @Test func `words are told beside letters and white space, and not behind signs`() {
    func told(_ text: String) -> [Int] {
      let bytes = Array(text.utf8)
      return (1..<bytes.count).filter { Words.areTold(at: $0, in: bytes.span) }
    }
    #expect(told("ab.c d") == [1, 2, 4, 5])
    #expect(told("川。川") == [3, 6])
    #expect(told("..a") == [])
  }
}
