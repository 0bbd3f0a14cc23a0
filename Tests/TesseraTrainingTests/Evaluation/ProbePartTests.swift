import TesseraBasics
import TesseraTokenizers
import Testing

@testable import TesseraTraining

/// What probes are made of.
@Suite struct ProbePartTests {
  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  @Test func `sentences end where people end them`() {
    let found = ProbeText.sentences(
      of: Array("One. Two is 3.5 long! \nनमस्ते। दुनिया। 一。二！ end".utf8))
    #expect(
      found.map(text) == ["One.", "Two is 3.5 long!", "नमस्ते।", "दुनिया।", "一。", "二！", "end"])
    #expect(ProbeText.sentences(of: []).isEmpty)
  }

  @Test func `paragraphs are what stands between empty lines`() {
    let found = ProbeText.paragraphs(of: Array("a\nb\n\n \n c \n".utf8))
    #expect(found.map(text) == ["a\nb", "c"])
  }

  @Test func `text is cut before white space, and never inside a character`() {
    let bytes = Array("one two".utf8)
    #expect(ProbeText.cut(bytes, near: 5, slack: 4) == 3)
    #expect(ProbeText.cut(bytes, near: 6, slack: 2) == 6)
    #expect(ProbeText.cut(bytes, near: 100, slack: 2) == 7)
    let greek = Array("αβγ".utf8)
    for position in 0...6 {
      let cut = ProbeText.cut(greek, near: position, slack: 2)
      #expect(cut <= position && String(validating: greek[..<cut], as: UTF8.self) != nil)
    }
  }

  @Test func `others of a choice are different, and about as long`() {
    let texts = (1...40).map { [UInt8](repeating: 0x61, count: $0) } + [[0x61]]
    let order = texts.indices.sorted { (texts[$0].count, $0) < (texts[$1].count, $1) }
    var random = SplitMix64(seed: 1)
    let found = ProbeText.lengthMatched(20, in: texts, order: order, count: 3, random: &random)
    #expect(Set(found).count == 3 && !found.contains(20))
    #expect(found.allSatisfy { abs(texts[$0].count - 21) <= 6 })
    let few = ProbeText.lengthMatched(
      0, in: Array(texts[..<2]), order: [0, 1], count: 3, random: &random)
    #expect(few == [1])
  }

  @Test func `swaps keep the bytes, and marks are left out`() throws {
    var random = SplitMix64(seed: 3)
    let sentence = Array("Ein schöner, langer Satz.".utf8)
    for damage in [CorruptionProbe.Damage.wordSwap, .wordShuffle, .characterSwap] {
      let damaged = try #require(try damage.applied(to: sentence, random: &random))
      #expect(damaged.sorted() == sentence.sorted())
      #expect(String(validating: damaged, as: UTF8.self) != nil)
    }
    let plain = try #require(
      try CorruptionProbe.Damage.diacritics.applied(to: sentence, random: &random))
    #expect(text(plain) == "Ein schoner, langer Satz.")
    #expect(
      try CorruptionProbe.Damage.diacritics.applied(to: Array("abc".utf8), random: &random) == nil)
    #expect(
      try CorruptionProbe.Damage.wordSwap.applied(to: Array("a a a".utf8), random: &random) == nil)
  }

  @Test func `the first word that is written is over when something else follows`() {
    func ends(_ text: String) -> Bool { LastWordProbe.endsWord(Array(text.utf8)) }
    #expect(!ends("") && !ends(" ") && !ends(" wor") && ends(" word ") && ends(" word."))
    #expect(ends(" . word"))
    // Half a character may go on with the word.
    #expect(!LastWordProbe.endsWord(Array("sch".utf8) + [0xC3]))
    #expect(LastWordProbe.firstWord(of: Array(" word, more".utf8)) == Array("word".utf8))
    #expect(LastWordProbe.firstWord(of: Array(" (word".utf8)) == nil)
    #expect(LastWordProbe.firstWord(of: []) == nil)
  }

  @Test func `a paragraph asks for its last word if it was there before`() throws {
    let words = "one two three four five six seven eight nine ten"
    let item = try #require(LastWordProbe.item(of: Array("\(words), two!".utf8)))
    #expect(text(item.context) == words + "," && text(item.ending) == " two")
    #expect(text(item.word) == "two" && item.wordCount == 10)
    #expect(LastWordProbe.item(of: Array("\(words), eleven".utf8)) == nil)
    #expect(LastWordProbe.item(of: Array("one one".utf8)) == nil)
  }

  @Test func `a character that the limit has cut is no fault`() {
    func isText(_ bytes: [UInt8], ended: Bool) -> Bool {
      GenerationProbe.isText(.init(tokens: [], bytes: bytes, isEnded: ended))
    }
    let cut = Array("aä".utf8.dropLast())
    #expect(isText(cut, ended: false) && !isText(cut, ended: true))
    #expect(isText([], ended: false) && isText(Array("ä".utf8), ended: false))
    #expect(!isText([0xFF, 0x61], ended: false) && !isText([0x61, 0x80], ended: false))
  }

  @Test func `repetition and other scripts are shares`() throws {
    #expect(GenerationProbe.repetition(in: [1, 2, 3, 4, 5], length: 4) == 0)
    #expect(GenerationProbe.repetition(in: [1, 1, 1, 1, 1, 1], length: 4) == 1 - 1.0 / 3)
    #expect(GenerationProbe.repetition(in: [1, 2], length: 4) == 0)
    let greek = try #require(TokenScript(of: Array("αβγ".utf8)))
    #expect(GenerationProbe.otherScriptShare(of: Array("αβ, 12 ab".utf8), greek) == 0.5)
    #expect(GenerationProbe.otherScriptShare(of: Array("12".utf8), greek) == 0)
  }

  @Test(arguments: [(1, 4), (4, 4), (5, 4), (30, 4), (9, 1), (7, 100)])
  func `every scored token is in one window, near its end`(count: Int, length: Int) {
    for lower in 0...count {
      let sequence = ScoredSequence(
        tokens: [Int32](repeating: 0, count: count), scored: lower..<count)
      let windows = sequence.windows(of: 0, length: length)
      let targets = windows.flatMap { $0.firstScored..<$0.start + $0.count }
      #expect(targets == Array(lower..<count))
      #expect(windows.allSatisfy { $0.count <= length && $0.skipped >= 0 && $0.start >= 0 })
      if count - lower <= length { #expect(windows.count <= 1) }
    }
  }

  @Test func `Wilson's interval is that of the tables`() throws {
    let half = try #require(wilsonInterval(successCount: 5, count: 10))
    #expect(abs(half.lowerBound - 0.236_59) < 1e-4 && abs(half.upperBound - 0.763_41) < 1e-4)
    let none = try #require(wilsonInterval(successCount: 0, count: 10))
    #expect(none.lowerBound == 0 && abs(none.upperBound - 0.277_53) < 1e-4)
    #expect(wilsonInterval(successCount: 0, count: 0) == nil)
  }

  @Test func `a change has an interval by pairs, where there are as many items`() throws {
    let base = ProbeMeasure("accuracy", .share, [0, 1, 0, 1, 0, 1], chance: 0.5)
    let better = ProbeMeasure("accuracy", .share, [1, 1, 1, 1, 1, 1])
    let change = try #require(better.change(from: base))
    #expect(change.value == 0.5 && change.interval?.contains(0.5) == true)
    #expect(base.change(from: base)?.interval == 0...0)
    #expect(better.change(from: ProbeMeasure("accuracy", .share, [1])) == nil)
    #expect(better.change(from: ProbeMeasure("loss", .mean, base.values)) == nil)
    let record = base.record(base: better)
    #expect(record["value"]?.double == 0.5 && record["chance"]?.double == 0.5)
    #expect(record["base"]?.double == 1 && record["change"]?.double == -0.5)
  }
}
