import TesseraBasics
import TesseraTestSupport
import Testing

@testable import TesseraTokenizers

/// Where a text may not be cut because of added tokens.
@Suite struct NearTokensTests {
  private static func matcher(_ tokens: some Sequence<[UInt8]>) -> AddedTokenMatcher {
    AddedTokenMatcher(tokens.map { (bytes: $0, token: AddedToken("", id: 0)) })
  }

  @Test func `finds what a simple search finds, whatever is asked`() {
    for seed in UInt64(0)..<300 {
      var random = SplitMix64(seed: seed)
      func drawn(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(97 + random.below(3)) } }
      let text = drawn(random.below(400))
      let tokens = Set((0..<1 + random.below(3)).map { _ in drawn(3 + random.below(20)) })
      let longest = tokens.reduce(0) { max($0, $1.count) }
      let lowest = random.below(text.count + 1)
      var near = NearTokens(Self.matcher(tokens), margin: longest, downTo: lowest)
      for place in (lowest...text.count).reversed() where random.below(3) > 0 {
        let expected = tokens.contains { token in
          (max(0, place - token.count)...place).contains { text[$0...].starts(with: token) }
        }
        let found = near.contains(place, in: text.span)
        #expect(found == expected, "\(seed), \(place)")
      }
    }
  }

  @Test func `finds tokens that normalization makes, to the end of what they are made of`() {
    // A letter with a mark, and a syllable of two letters, each longer than its composed form.
    for (token, spelled) in [("x\u{E9}", "xe\u{301}"), ("\u{AC00}", "\u{1100}\u{1161}")] {
      let text = Array("ab \(spelled) cd".utf8)
      let end = 3 + spelled.utf8.count
      var near = NearTokens(
        Self.matcher([Array(token.utf8)]), in: .nfc, margin: 20, downTo: 0)
      for place in (0...text.count).reversed() {
        let found = near.contains(place, in: text.span)
        #expect(found == (3...end).contains(place), "\(place)")
      }
      var raw = NearTokens(Self.matcher([Array(token.utf8)]), margin: 20, downTo: 0)
      let isSpelled = raw.contains(end, in: text.span)
      #expect(!isSpelled)
    }
  }

  // The second text has its tokens only once it is normalized.
  @Test(arguments: [
    (Normalization.none, " a", " a", 8_000), (.nfc, " \u{AC00}", " \u{1100}\u{1161}", 1_000),
  ])
  func `a text full of long tokens is looked through in linear time`(
    normalization: Normalization, unit: String, spelled: String, size: Int
  ) throws {
    let model = try BPEModel(
      tokens: TokenTable((0..<256).map { [UInt8($0)] }), merges: [], semantics: .merges)
    let growth = try timeGrowth(from: size) { (size: Int) throws in
      let tokenizer = try Tokenizer(
        model: model, pattern: .gpt2, normalization: normalization,
        addedTokens: [AddedToken(String(repeating: unit, count: size / 8), id: 256)])
      let splitting = TextSplitting(tokenizer)
      let text = Array(String(repeating: spelled, count: size).utf8)
      let split = splitting.safeSplit(of: text.span, after: 0)
      #expect(split == nil)
      // A text that is not full of them has a place behind the last one.
      let other = text + Array(String(repeating: " b", count: text.count / 2).utf8)
      let otherSplit = splitting.safeSplit(of: other.span, after: 0)
      #expect(try #require(otherSplit) > text.count)
    }
    #expect(growth < quadraticGrowth)
  }
}
