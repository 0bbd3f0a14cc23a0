import TesseraBasics
import TesseraTestSupport
import Testing

@testable import TesseraTokenizers

@Suite struct WindowMergeTests {
  private static func merge(
    _ text: [UInt8], _ model: MergeTables.View, _ merge: inout WindowMerge
  ) -> [TokenID] {
    var tokens = text.map { model.token(of: $0) }
    let count = unsafe tokens.withUnsafeMutableBufferPointer { tokens in
      unsafe tokens.baseAddress.map { unsafe merge.merge($0, tokens.count, model) } ?? 0
    }
    return Array(tokens[..<count])
  }

  @Test(arguments: [2, 3, 5, 16, 40, 80])
  func `gives what the definition gives, whatever the size of windows`(size: Int) throws {
    var failures = 0
    var rounds = 0
    for seed in 0..<UInt64(16) {
      // Ordered or not, with orphans and several splits of a token.
      let model = try MergeTests.randomModel(
        .merges, letters: 1 + Int(seed % 4), mergeCount: seed % 4 == 0 ? 10 : 60,
        isOrdered: seed % 2 == 0, seed: seed)
      let tables = MergeTables(model.tokens, merges: model.merges)
      var merge = WindowMerge(windowSizes: [size])
      var random = SplitMix64(seed: seed, stream: 5)
      for _ in 0..<60 {
        let letters = 1 + random.below(4)
        let text = (0..<random.below(200)).map { _ in UInt8(97 + random.below(letters)) }
        let expected = mergeReference(text, model)
        #expect(Self.merge(text, tables.view, &merge) == expected, "seed \(seed): \(text)")
        rounds += 1
      }
      failures += merge.failureCount
    }
    // Small windows often have no border that holds, large ones most often do.
    if size >= 40 { #expect(failures * 4 < rounds) }
  }

  /// Texts of one pre-token that are hard to merge: runs, turns, and few or many letters at random.
  private static func hostileTexts(_ size: Int) -> [[UInt8]] {
    var random = SplitMix64(seed: 6)
    func drawn(_ letters: [String]) -> [UInt8] {
      var text: [UInt8] = []
      while text.count < size { text += letters[random.below(letters.count)].utf8 }
      return text
    }
    let repeated = ["a", " ", "\n", "^", "ab", "aab", "\u{301}", "漢", "\0"]
    return repeated.map { Array(String(repeating: $0, count: size / $0.utf8.count).utf8) } + [
      drawn(["a", "b"]), drawn((97...122).map { String(Unicode.Scalar($0 as UInt8)) }),
      drawn(["漢", "字", "川", "水", "山"]), drawn(["า", "น", "ก", "ร"]), drawn([" ", "  ", "\t"]),
    ]
  }

  @Test(arguments: ["gpt2", "llama3", "qwen2", "o200k", "cl100k"])
  func `does work in proportion to the text, whatever it is`(name: String) throws {
    let tokenizer = try GoldenTokenizerTests.tokenizer(name)
    let tables = tokenizer.compiled.view
    for text in Self.hostileTexts(20_000) {
      var scratch = MergeScratch()
      var output = [TokenID](repeating: 0, count: text.count)
      let count = unsafe text.withUnsafeBufferPointer { text in
        unsafe output.withUnsafeMutableBufferPointer { output in
          unsafe scratch.merge(text, tables.tables, into: output.baseAddress!)
        }
      }
      let size = text.count
      #expect(scratch.longWork <= 2 * size, "\(scratch.longWork) for \(size) of \(text.prefix(9))")
      var whole = LinkedMerge()
      let tokens = text.map { tables.tables.token(of: $0) }
      unsafe tokens.withUnsafeBufferPointer {
        unsafe whole.merge($0.baseAddress!, size, tables.tables)
      }
      var expected: [TokenID] = []
      var position: UInt32 = 0
      while position != LinkedMerge.none {
        let (id, next) = whole.token(at: position)
        expected.append(id)
        position = next
      }
      #expect(Array(output[..<count]) == expected)
    }
  }
}
