import TesseraBasics
import TesseraTestSupport
import Testing

@testable import TesseraTokenizers

@Suite struct PreTokenTableTests {
  /// The strings with their counts, for comparison.
  private static func contents(_ table: PreTokenTable) throws -> [[UInt8]: UInt64] {
    var contents: [[UInt8]: UInt64] = [:]
    for shard in table.shards {
      try shard.forEach { bytes, count in
        var string: [UInt8] = []
        for index in bytes.indices { string.append(bytes[index]) }
        #expect(contents.updateValue(count, forKey: string) == nil, "\(string) twice")
      }
    }
    return contents
  }

  /// Words of up to 40 letters out of a few, so that they come again, some with the first bytes of others.
  private static func text(wordCount: Int, seed: UInt64) -> [UInt8] {
    var random = SplitMix64(seed: seed)
    var text: [UInt8] = []
    for _ in 0..<wordCount {
      let size = random.below(8) == 0 ? 8 + random.below(33) : 1 + random.below(4)
      for index in 0..<size {
        let isFixed = index < size - 2
        text.append(UInt8(ascii: "a") + UInt8(isFixed ? index % 26 : random.below(26)))
      }
      text.append(UInt8(ascii: " "))
    }
    return text
  }

  @Test(arguments: [0, 1, 2, 255, 256, 257, 3_000, 60_000])
  func `a text counts as its pre-tokens do one after another`(wordCount: Int) throws {
    let preTokenizer = PreTokenizer(pattern: .gpt2)
    var (whole, single) = (PreTokenTable(), PreTokenTable())
    let recent = RecentPreTokens()
    // The second text meets what the first has left, in tables that have grown.
    for seed in 0..<2 {
      let text = Self.text(wordCount: wordCount, seed: UInt64(seed))
      whole.add(preTokensOf: text.span, preTokenizer, beside: recent)
      preTokenizer.forEachPreToken(in: text.span) { single.add(text.span, $0) }
    }
    recent.settle(in: &whole)
    #expect(try Self.contents(whole) == Self.contents(single))
  }

  @Test func `counts what the definition counts, whatever the lengths`() throws {
    let text = Self.text(wordCount: 5_000, seed: 7)
    var table = PreTokenTable()
    var expected: [[UInt8]: UInt64] = [:]
    for preToken in PreTokenizer(pattern: .gpt2).preTokens(of: text) {
      expected[Array(preToken), default: 0] += 1
      table.add(text.span, preToken.indices)
    }
    #expect(Set(expected.keys.map(\.count)).isSuperset(of: [2, 14, 15, 16, 17, 24, 25, 32, 33]))
    #expect(try Self.contents(table) == expected)
  }
}
