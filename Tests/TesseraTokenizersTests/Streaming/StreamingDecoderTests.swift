import TesseraBasics
import TesseraTestSupport
import Testing

@testable import TesseraTokenizers

@Suite struct StreamingDecoderTests {
  /// Compares what pieces of a list of tokens give with what all of them give.
  private func expectEqual(
    _ ids: [TokenID], _ tokenizer: Tokenizer, _ random: inout SplitMix64, _ comment: String
  ) throws {
    for skipsSpecial in [false, true] {
      var bytes = tokenizer.makeStreamingDecoder(skipsSpecial: skipsSpecial)
      var text = tokenizer.makeStreamingTextDecoder(skipsSpecial: skipsSpecial)
      // Twice, since another text may follow.
      for _ in 0..<2 {
        var foundBytes: [UInt8] = []
        var foundText = ""
        var start = 0
        while start < ids.count {
          let end = min(ids.count, start + random.below(4))
          foundBytes += try bytes.add(Array(ids[start..<end]))
          foundText += try text.add(Array(ids[start..<end]))
          start = end
        }
        foundBytes += bytes.finish()
        foundText += text.finish()
        #expect(
          try foundBytes == tokenizer.decode(ids, skipsSpecial: skipsSpecial), "\(comment): \(ids)")
        let expected = try tokenizer.decodeText(ids, skipsSpecial: skipsSpecial)
        #expect(Array(foundText.utf8) == Array(expected.utf8), "\(comment): \(ids)")
      }
    }
  }

  @Test(arguments: ["gpt2", "llama3", "qwen2", "o200k", "cl100k"])
  func `gives the bytes and the text of all tokens, however they are cut`(name: String) throws {
    let tokenizer = try GoldenTokenizerTests.tokenizer(name)
    let known = (0..<TokenID(tokenizer.vocabularySize)).filter { tokenizer.bytes(of: $0) != nil }
    var random = SplitMix64(seed: 81)
    for _ in 0..<150 {
      // Tokens of single bytes are frequent, so that characters are cut.
      let ids = (0..<random.below(30)).map { _ in
        known[random.below(random.below(2) == 0 ? 256 : known.count)]
      }
      try expectEqual(ids, tokenizer, &random, name)
      #expect(try tokenizer.decode(ids) == ids.flatMap { tokenizer.bytes(of: $0)! })
    }
  }

  /// Decoders of each kind, and whether they give text before the end.
  private static let decoders: [(TokenDecoder?, isIncremental: Bool)] = [
    (nil, true), (.byteLevel, true), (.fuse, true), (.byteFallback, true),
    (.wordPiece(prefix: "##", cleansUp: true), true), (.metaspace(Metaspace()), true),
    (.metaspace(Metaspace(prependScheme: .never)), true), (.bpe(suffix: "</w>"), true),
    (.strip(content: "a", start: 1, stop: 2), true),
    (.replace(TextPattern("a"), content: "é"), true),
    (.ctc(padding: "<pad>", wordDelimiter: "|", cleansUp: true), true),
    (
      .sequence([
        .replace(TextPattern("\u{2581}"), content: " "), .byteFallback, .fuse,
        .strip(content: " ", start: 1, stop: 0),
      ]), true
    ),
    (.sequence([.byteFallback, .fuse, .strip(content: "a", start: 2, stop: 3)]), true),
    (.sequence([.byteFallback, .strip(content: "a", start: 1, stop: 1), .fuse]), true),
    (.sequence([.fuse, .replace(TextPattern("ab"), content: "c")]), false),
    (.sequence([.byteLevel, .byteLevel]), false),
  ]

  @Test func `gives what every decoder gives, however the tokens are cut`() throws {
    let spellings = [
      "a", "b", "##a", "\u{2581}a", "\u{2581}", "aa", "a</w>", "</w>", "|", "<pad>", "é", "Ġ",
      "don", "n't",
      " ", "<0xC3>", "<0xA9>", "<0xFF>", "<0x61>", "漢", ".", "Ã", "©",
    ]
    let tokens = try TokenTable(spellings.map { Array($0.utf8) })
    let model = try BPEModel(tokens: tokens, merges: [], semantics: .merges, alphabet: .characters)
    for (decoder, isIncremental) in Self.decoders {
      let tokenizer = try Tokenizer(
        model: model, pipeline: TokenizerPipeline(decoder: decoder),
        addedTokens: [AddedToken("<s>", id: 100), AddedToken("Ġx", id: 101, isSpecial: false)])
      #expect(tokenizer.makeStreamingTextDecoder().isIncremental == isIncremental)
      var random = SplitMix64(seed: 82)
      for _ in 0..<200 {
        let ids = (0..<random.below(12)).map { _ -> TokenID in
          random.below(8) == 0
            ? TokenID(100 + random.below(2)) : TokenID(random.below(spellings.count))
        }
        try expectEqual(ids, tokenizer, &random, "\(String(describing: decoder))")
      }
    }
  }

  @Test func `decodes vocabularies over bytes as their decoder says`() throws {
    let base = try GoldenTokenizerTests.tokenizer("gpt2")
    for (decoder, _) in Self.decoders {
      var pipeline = base.pipeline
      pipeline.decoder = decoder
      let tokenizer = try Tokenizer(
        model: base.model, pipeline: pipeline,
        addedTokens: [AddedToken("<s>", id: 1_000), AddedToken("Ġx", id: 1_001)])
      var random = SplitMix64(seed: 83)
      for _ in 0..<40 {
        let ids = (0..<random.below(12)).map { _ -> TokenID in
          random.below(6) == 0 ? TokenID(1_000 + random.below(2)) : TokenID(random.below(600))
        }
        try expectEqual(ids, tokenizer, &random, "\(String(describing: decoder))")
      }
    }
  }

  @Test func `takes none of the tokens if one is unknown`() throws {
    let tokenizer = try GoldenTokenizerTests.tokenizer("gpt2")
    let ids = try tokenizer.encode("नदी")
    var stream = tokenizer.makeStreamingTextDecoder()
    var text = try stream.add(Array(ids[..<1]))
    let unknown = TokenID(tokenizer.vocabularySize)
    let size = tokenizer.vocabularySize
    #expect(throws: TokenizerError.unknownToken(unknown, vocabularySize: size)) {
      try stream.add([ids[1], unknown])
    }
    text += try stream.add(Array(ids[1...])) + stream.finish()
    #expect(text == "नदी")
  }

  @Test func `gives the bytes of a token where a decoder leaves out repetitions`() throws {
    let tokens = try TokenTable(["a", "|", "<pad>", "b"].map { Array($0.utf8) })
    let tokenizer = try Tokenizer(
      model: BPEModel(tokens: tokens, merges: [], semantics: .merges, alphabet: .characters),
      pipeline: TokenizerPipeline(
        decoder: .ctc(padding: "<pad>", wordDelimiter: "|", cleansUp: true)))
    #expect(tokenizer.bytes(of: 0) == Array("a".utf8))
    #expect(tokenizer.bytes(of: 1) == Array(" ".utf8))
    #expect(tokenizer.bytes(of: 2) == [])
    #expect(tokenizer.bytes(of: 3) == Array("b".utf8))
  }
}
