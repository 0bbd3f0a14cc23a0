import TesseraBasics
import TesseraTestSupport
import Testing

@testable import TesseraTokenizers

@Suite struct TokenizerTrimmingTests {
  private static let semantics: [MergeSemantics] = [.merges, .mergesAfterWholePreTokens, .ranks]

  private func frequencies(_ tokenizer: Tokenizer, _ texts: [[UInt8]]) throws -> [UInt64] {
    var frequencies = [UInt64](repeating: 0, count: tokenizer.vocabularySize)
    for text in texts {
      for id in try tokenizer.encode(text) { frequencies[Int(id)] += 1 }
    }
    return frequencies
  }

  private func randomTexts(_ seed: UInt64, _ letters: [UInt8], count: Int) -> [[UInt8]] {
    var random = SplitMix64(seed: seed)
    return (0..<count).map { _ in
      (0..<1 + random.below(12)).map { _ in letters[random.below(letters.count)] }
    }
  }

  /// The merges that become a token somewhere, by definition: those that merging some text does.
  @Test(arguments: semantics)
  func `finds the pair that becomes a token`(semantics: MergeSemantics) throws {
    var tokenCount = 0
    for seed in 0..<8 as Range<UInt64> {
      let model = try UnreachableTokensTests.model(
        seed: seed, letters: "abc", tokenCount: 40, semantics: semantics)
      let list =
        semantics == .ranks ? RankMerges.list(of: model.tokens) : model.merges
      var seen: [TokenID: Set<[TokenID]>] = [:]
      for text in randomTexts(seed, Array("abc".utf8), count: 400) {
        var ids = text.map { TokenID($0) }
        while true {
          var best: (rank: Int, index: Int)?
          for index in ids.indices.dropLast() {
            let rank = list.lastIndex { $0.left == ids[index] && $0.right == ids[index + 1] }
            if let rank, best == nil || rank < best!.rank { best = (rank, index) }
          }
          guard let best else { break }
          seen[list[best.rank].result, default: []].insert([
            list[best.rank].left, list[best.rank].right,
          ])
          ids[best.index...best.index + 1] = [list[best.rank].result]
        }
      }
      let compositions = model.compositions()
      tokenCount += seen.count
      for (id, pairs) in seen {
        #expect(pairs.count == 1)
        let pair = pairs.first!
        #expect(compositions[Int(id)] == .merge(left: pair[0], right: pair[1]), "\(seed), \(id)")
      }
    }
    #expect(tokenCount > 50)
  }

  @Test(arguments: semantics)
  func `keeps the tokens of texts without removed ones, and makes none unreachable`(
    semantics: MergeSemantics
  ) throws {
    var keptCount = 0
    for seed in 0..<8 as Range<UInt64> {
      for pattern in [PreTokenizerPattern.none, .gpt2] {
        let letters = pattern == .none ? "abc" : "ab 1"
        let model = try UnreachableTokensTests.model(
          seed: seed, letters: letters, tokenCount: 50, semantics: semantics)
        let base = try Tokenizer(
          model: model, pattern: pattern, addedTokens: [AddedToken("<s>", id: 400)])
        let texts = randomTexts(seed, Array(letters.utf8), count: 150)
        for order in TrimmingOrder.allCases {
          var options = TrimmingOptions(vocabularySize: base.tokens.count + 1 - 12)
          options.order = order
          let trimming = try TokenizerTrimming(
            of: base, frequencies: frequencies(base, texts), options: options)
          let trimmed = trimming.tokenizer
          #expect(trimmed.vocabularySize == options.vocabularySize)
          #expect(trimming.removed.count == 12)
          let removed = Set(trimming.removed.map(\.id))
          for text in texts {
            let ids = try base.encode(text)
            #expect(try trimmed.decode(trimmed.encode(text)) == text)
            if !removed.isDisjoint(with: ids) { continue }
            keptCount += 1
            #expect(
              try trimmed.encode(text) == ids.map { trimming.newIDs[Int($0)] },
              "\(seed), \(pattern), \(order)")
          }
          let before = Set(try base.unreachableTokens().compactMap { trimming.newIDs[Int($0.id)] })
          #expect(try Set(trimmed.unreachableTokens().map(\.id)).isSubset(of: before))
          // What files say is the same.
          let directory = try TemporaryDirectory()
          try trimmed.write(toDirectory: directory.path)
          let read = try Tokenizer(contentsOf: directory.path)
          for text in texts.prefix(50) {
            #expect(try read.encode(text) == trimmed.encode(text))
          }
          #expect(read.addedTokens == trimmed.addedTokens)
        }
      }
    }
    #expect(keptCount > 500)
  }

  @Test func `gives occurrences of removed tokens to their parts`() throws {
    let base = try ContinuedTrainingTests.base(
      ["ab", "abc", "de"], merges: [("a", "b"), ("ab", "c"), ("d", "e")])
    var frequencies = [UInt64](repeating: 0, count: 259)
    (frequencies[256], frequencies[257], frequencies[258]) = (2, 5, 6)
    let trimming = try TokenizerTrimming(
      of: base, frequencies: frequencies, options: TrimmingOptions(vocabularySize: 257))
    // "ab" occurs least, but "abc" is made of it, and leaves its own to it.
    #expect(trimming.removed.map(\.id) == [257, 258])
    #expect(trimming.removed[0] == RemovedToken(id: 257, occurrenceCount: 5, parts: [256, 99]))
    var last = TrimmingOptions(vocabularySize: 257)
    last.order = .latest
    #expect(
      try TokenizerTrimming(of: base, frequencies: frequencies, options: last).removed.map(\.id)
        == [258, 257])
    last.keptIDs = [258]
    let kept = try TokenizerTrimming(of: base, frequencies: frequencies, options: last)
    #expect(kept.removed.map(\.id) == [257, 256])
    #expect(kept.newIDs.suffix(3) == [nil, nil, 256])
  }

  /// "abc" is a token only as a whole pre-token: its bytes are merged to "ab" and "c".
  @Test func `gives occurrences of a token that is never merged to what its bytes become`() throws {
    let base = try ContinuedTrainingTests.base(
      ["ab", "bc", "abc"], merges: [("a", "b"), ("b", "c")])
    var model = base.model
    model.semantics = .mergesAfterWholePreTokens
    let tokenizer = try Tokenizer(model: model, pattern: .gpt2)
    var frequencies = [UInt64](repeating: 0, count: 259)
    (frequencies[256], frequencies[257], frequencies[258]) = (1, 3, 2)
    let trimming = try TokenizerTrimming(
      of: tokenizer, frequencies: frequencies, options: TrimmingOptions(vocabularySize: 256))
    // Without "ab" its bytes are merged to "a" and "bc", as the trimmed tokenizers do.
    #expect(
      trimming.removed == [
        RemovedToken(id: 256, occurrenceCount: 1, parts: [97, 98]),
        RemovedToken(id: 258, occurrenceCount: 2, parts: [97, 257]),
        RemovedToken(id: 257, occurrenceCount: 5, parts: [98, 99]),
      ])
    let fewer = try TokenizerTrimming(
      of: tokenizer, frequencies: frequencies, options: TrimmingOptions(vocabularySize: 257))
    #expect(try fewer.tokenizer.encode("abc") == [97, 256])
    #expect(fewer.newIDs[257] == 256)
    frequencies[256] = 9
    let other = try TokenizerTrimming(
      of: tokenizer, frequencies: frequencies, options: TrimmingOptions(vocabularySize: 258))
    #expect(other.removed == [RemovedToken(id: 258, occurrenceCount: 2, parts: [256, 99])])
    #expect(try other.tokenizer.encode("abc") == [256, 99])
  }

  @Test func `says what cannot be done`() throws {
    let base = try ContinuedTrainingTests.base(
      ["ab", "abc"], merges: [("a", "b"), ("ab", "c")], added: [AddedToken("abc", id: 257)])
    let frequencies = [UInt64](repeating: 0, count: 258)
    #expect(throws: TrimmingError.nothingToRemove(size: 258, tokenCount: 258)) {
      try TokenizerTrimming(
        of: base, frequencies: frequencies, options: TrimmingOptions(vocabularySize: 258))
    }
    #expect(throws: TrimmingError.tooFewRemovable(size: 200, least: 258, tokenCount: 258)) {
      try TokenizerTrimming.check(base, TrimmingOptions(vocabularySize: 200))
    }
    #expect(throws: TrimmingError.tooFewRemovable(size: 200, least: 258, tokenCount: 258)) {
      try TokenizerTrimming(
        of: base, frequencies: frequencies, options: TrimmingOptions(vocabularySize: 200))
    }
    let table = try TokenTable(["a", "##a"].map { Array($0.utf8) })
    let affixes = try Tokenizer(
      model: BPEModel(
        tokens: table, merges: [], semantics: .merges, alphabet: .characters,
        options: BPEOptions(continuingSubwordPrefix: "##")), pipeline: TokenizerPipeline())
    #expect(throws: TrimmingError.affixes) {
      try TokenizerTrimming(
        of: affixes, frequencies: [0, 0], options: TrimmingOptions(vocabularySize: 1))
    }
  }

  @Test(arguments: GoldenTokenizerTests.names + ["cl100k"])
  func `trims files of other programs, with all that names an ID`(name: String) throws {
    let base = try GoldenTokenizerTests.tokenizer(name)
    let path = fixturePath("../../corpora-samples/en/daily-life.txt")
    let text = try readFile(path, limit: 1 << 20)
    let texts = text.split(separator: UInt8(ascii: "\n")).map { Array($0) }
    let trimming = try TokenizerTrimming(
      of: base, frequencies: frequencies(base, texts),
      options: TrimmingOptions(vocabularySize: 400))
    let directory = try TemporaryDirectory()
    try trimming.tokenizer.write(toDirectory: directory.path)
    let read = try Tokenizer(contentsOf: directory.path)
    let removed = Set(trimming.removed.map(\.id))
    for text in texts {
      let ids = try read.encode(text, special: .all)
      #expect(try trimming.tokenizer.encode(text, special: .all) == ids)
      let old = try base.encode(text, special: .all)
      if removed.isDisjoint(with: old) { #expect(ids == old.map { trimming.newIDs[Int($0)] }) }
    }
    for (token, new) in zip(base.addedTokens, read.addedTokens) {
      #expect(token.content == new.content)
      #expect(trimming.newIDs[Int(token.id)] == new.id)
    }
    // Tokens around a text are those of the base.
    let before = try base.encoding(of: Array("a b".utf8))
    let after = try read.encoding(of: Array("a b".utf8))
    #expect(before.ids.map { trimming.newIDs[Int($0)] } == after.ids)
  }

  @Test func `characters and what they fall back to stay`() throws {
    let bytes = (UInt8.min...UInt8.max).map { ByteFallback.spelling(of: $0) }
    let table = try TokenTable(
      ["<unk>"].map { Array($0.utf8) } + bytes
        + ["▁", "a", "b", "▁a", "▁ab"].map { Array($0.utf8) })
    let model = try BPEModel(
      tokens: table,
      merges: [
        Merge(left: 257, right: 258, result: 260), Merge(left: 260, right: 259, result: 261),
      ],
      semantics: .merges, alphabet: .characters,
      options: BPEOptions(unknownToken: "<unk>", fallsBackToBytes: true))
    let base = try Tokenizer(
      model: model,
      pipeline: TokenizerPipeline(preTokenization: .metaspace(Metaspace(prependScheme: .always))))
    let frequencies = [UInt64](repeating: 0, count: 262)
    let trimming = try TokenizerTrimming(
      of: base, frequencies: frequencies, options: TrimmingOptions(vocabularySize: 260))
    #expect(trimming.removed.map(\.id) == [261, 260])
    #expect(try trimming.tokenizer.encode("ab é") == [257, 258, 259, 257, 196, 170])
    #expect(throws: TrimmingError.tooFewRemovable(size: 259, least: 260, tokenCount: 262)) {
      try TokenizerTrimming(
        of: base, frequencies: frequencies, options: TrimmingOptions(vocabularySize: 259))
    }
  }
}
