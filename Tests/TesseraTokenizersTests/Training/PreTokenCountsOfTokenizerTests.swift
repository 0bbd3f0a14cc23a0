import TesseraBasics
import TesseraCorpora
import TesseraTestSupport
import TesseraTokenizers
import Testing

/// Counting for a tokenizer that is there already, with everything that can come before merging.
@Suite struct PreTokenCountsOfTokenizerTests {
  static func tokenizer(
    _ pattern: PreTokenizerPattern, _ normalization: Normalization, addsPrefixSpace: Bool
  ) throws -> Tokenizer {
    let texts = ["the word", " the", "स्वर", "漢字", "e\u{301}", "123"]
    let counts = PreTokenCounts(texts.map { (bytes: Array($0.utf8), count: 3) })
    let trained = try BPETrainer.train(on: counts, BPETrainerOptions(vocabularySize: 280))
    return try Tokenizer(
      model: trained.makeTokenizer().model, pattern: pattern, normalization: normalization,
      addedTokens: [
        AddedToken("<s>", id: 400),
        AddedToken("<sep>", id: 401, stripsLeft: true, stripsRight: true),
        AddedToken("d w", id: 402, isSpecial: false, isSingleWord: true),
        AddedToken("\u{E9}", id: 403, isSpecial: false, isNormalized: true),
        AddedToken("字 ", id: 404, isSpecial: false, isNormalized: true, isSingleWord: true),
      ],
      addsPrefixSpace: addsPrefixSpace)
  }

  /// How often each token occurs in the documents, added tokens left out.
  static func tokenCounts(_ documents: [[UInt8]], _ tokenizer: Tokenizer) throws -> [TokenID: Int] {
    var counts: [TokenID: Int] = [:]
    for document in documents {
      for id in try tokenizer.encode(document, special: .all) where id < 400 {
        counts[id, default: 0] += 1
      }
    }
    return counts
  }

  @Test(arguments: [PreTokenizerPattern.gpt2, .llama3, .o200k], [false, true])
  func `the tokens of the pre-tokens are those of the documents`(
    pattern: PreTokenizerPattern, addsPrefixSpace: Bool
  ) throws {
    let directory = try TemporaryDirectory()
    for normalization in [Normalization.none, .nfc, .nfkd] {
      let tokenizer = try Self.tokenizer(pattern, normalization, addsPrefixSpace: addsPrefixSpace)
      let merging = try Tokenizer(model: tokenizer.model, pattern: .none)
      var random = SplitMix64(seed: 5)
      let documents = (0..<2).map { _ in
        PreTokenCountsTests.randomDocument(&random, pieceCount: 500)
      }
      let paths = try documents.enumerated().map { index, document in
        try directory.write("\(normalization)-\(index).txt", document)
      }
      let expected = try Self.tokenCounts(documents, tokenizer)
      let inMemory = try countPreTokens(in: documents, for: tokenizer)
      for chunkSize in [16, 100, 1 << 20] {
        let counts = try countPreTokens(
          in: Corpus(paths: paths), for: tokenizer, chunkSize: chunkSize)
        #expect(inMemory.count == counts.count)
        #expect((0..<min(inMemory.count, counts.count)).allSatisfy { inMemory[$0] == counts[$0] })
        var found: [TokenID: Int] = [:]
        for index in 0..<counts.count {
          for id in try merging.encode(Array(counts[index].bytes)) {
            found[id, default: 0] += Int(counts[index].count)
          }
        }
        #expect(found == expected, "\(normalization), \(chunkSize)")
      }
    }
  }
}
