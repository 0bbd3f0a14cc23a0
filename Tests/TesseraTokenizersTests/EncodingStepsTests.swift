import TesseraBasics
import Testing

@testable import TesseraTokenizers

@Suite struct EncodingStepsTests {
  /// Words with added tokens among them.
  private static func text(_ random: inout SplitMix64, size: Int) -> [UInt8] {
    let words = ["the", " river", " 42", "\n", "  ", " naïve", "川の", "<|end|>", " é", "'s", " x_y"]
    var text: [UInt8] = []
    while text.count < size { text += Array(words[random.below(words.count)].utf8) }
    return text
  }

  @Test func `encodes long and short documents together`() throws {
    let base = try GoldenTokenizerTests.tokenizer("gpt2")
    var pipeline = base.pipeline
    pipeline.normalizer = .form(.nfc)
    let tokenizer = try Tokenizer(
      model: base.model, pipeline: pipeline, addedTokens: base.addedTokens)
    #expect(tokenizer.isFast)
    var random = SplitMix64(seed: 27)
    // One of more pieces than are shared out together, some of several, and some of one; a part of them
    // is not in its normal form.
    let manyPieces = Workers.threadCount * 8 * EncodingSteps.pieceSize
    var documents: [[UInt8]] = []
    for size in [100, 1 << 20, 0, manyPieces + 1 << 19, 3] {
      var document = Self.text(&random, size: size / 2)
      document += Array("e\u{301} ".utf8)
      document += Self.text(&random, size: size / 2)
      documents.append(document)
    }
    for special in [SpecialTokenPolicy.none, .all] {
      var encoder = tokenizer.makeEncoder()
      let expected = try documents.map { document in
        var ids: [TokenID] = []
        try encoder.encode(document.span, special: special, into: &ids)
        return ids
      }
      #expect(try tokenizer.encodeDocuments(documents, special: special) == expected)
    }
  }

  @Test func `a text of a few pieces is worth as many workers`() throws {
    let tokenizer = try GoldenTokenizerTests.tokenizer("gpt2")
    var random = SplitMix64(seed: 28)
    for size in [1 << 20, 3 << 20] {
      let text = Self.text(&random, size: size)
      let steps = try EncodingSteps(text.span, special: .none, tokenizer).divided(text, tokenizer)
      let pieces = steps.pieces
      #expect(pieces.count >= text.count / EncodingSteps.pieceSize - 1)
      #expect(pieces.flatMap { $0 } == Array(steps.all))
      #expect(steps.size(of: steps.all) == text.count)
    }
  }

  @Test func `small ones are grouped, and a large one stands alone`() {
    let size = EncodingSteps.pieceSize / 2
    func groups(_ sizes: [Int]) -> [Range<Int>] { EncodingSteps.groups(ofSizes: sizes) }
    #expect(groups([]) == [])
    #expect(groups([1, 2, 3]) == [0..<3])
    #expect(groups([1, size, 2]) == [0..<1, 1..<2, 2..<3])
    #expect(groups([size, size * 9]) == [0..<1, 1..<2])
    #expect(groups([size - 1, 1, 5]) == [0..<2, 2..<3])
  }
}
