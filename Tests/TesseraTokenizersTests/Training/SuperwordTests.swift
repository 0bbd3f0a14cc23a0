import TesseraBasics
import Testing

@testable import TesseraTokenizers

/// A second stage of training over longer pre-tokens.
@Suite struct SuperwordTests {
  @Test(arguments: TieOrder.allCases)
  func `goes on with the merges of the definition, on the encoding of the first stage`(
    tie: TieOrder
  ) throws {
    for seed in 0..<20 as Range<UInt64> {
      var random = SplitMix64(seed: seed)
      // Sentences whose words come again, as one pre-token each.
      let words = BPETrainerTests.randomPreTokens(&random).map(\.bytes)
      let sentences = (0..<12).map { _ -> (bytes: [UInt8], count: UInt64) in
        let bytes = (0..<1 + random.below(6)).flatMap { _ in
          [UInt8(ascii: " ")] + words[random.below(words.count)]
        }
        return (bytes, UInt64(1 + random.below(3)))
      }
      var options = BPETrainerOptions(vocabularySize: 256 + random.below(20))
      options.tie = tie
      options.pattern = .gpt2
      options.specialTokens = ["<s>"]
      options.vocabularySize += 1
      let preTokenizer = PreTokenizer(pattern: .gpt2)
      let first = try BPETrainer.train(
        on: PreTokenCounts(
          sentences.flatMap { sentence in
            preTokenizer.preTokens(of: sentence.bytes).map { (Array($0), sentence.count) }
          }), options)

      options.pattern = .none
      options.vocabularySize += 30
      let sentenceCounts = PreTokenCounts(sentences)
      let trained = try BPETrainer.train(
        on: sentenceCounts, options, BPETrainerTests.tightLimits(Int(seed)), after: first)
      #expect(trained.merges.starts(with: first.merges))

      // The definition: the first merges one after the other, then counting anew for each.
      let offset = trained.firstByteID
      var symbols = (0..<sentenceCounts.count).map { index in
        let (bytes, count) = sentenceCounts[index]
        return (
          symbols: bytes.map { UInt32(options.tie.alphabet.firstIndex(of: $0)!) }, count: count
        )
      }
      for merge in first.merges {
        for index in symbols.indices {
          var result: [UInt32] = []
          for symbol in symbols[index].symbols {
            if symbol == merge.right - offset, result.last == merge.left - offset {
              result[result.count - 1] = merge.result - offset
            } else {
              result.append(symbol)
            }
          }
          symbols[index].symbols = result
        }
      }
      let expected = referenceMerges(
        symbols, byteLengths: first.tokenBytes().map(\.count),
        mergeCount: options.mergeCount - first.merges.count, minimumCount: 1,
        maximumLength: .max)
      let new = trained.merges.dropFirst(first.merges.count)
      #expect(
        new.map { [$0.left - offset, $0.right - offset] } == expected.map { [$0.left, $0.right] },
        "seed \(seed)")
      #expect(new.map(\.count) == expected.map(\.count))
      // Every token is reached by its own bytes.
      let tokenizer = try trained.makeTokenizer()
      for (index, bytes) in trained.tokenBytes().enumerated() {
        #expect(try tokenizer.encode(bytes) == [offset + TokenID(index)], "seed \(seed)")
      }
    }
  }
}
