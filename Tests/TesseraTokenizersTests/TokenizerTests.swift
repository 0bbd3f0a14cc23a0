import TesseraBasics
import TesseraTestSupport
import TesseraTokenizers
import Testing

@Suite struct TokenizerTests {
  private func randomText(_ random: inout SplitMix64, size: Int) -> [UInt8] {
    let words = ["the ", "river ", "नदी ", "강물이 ", "12345", "\n\n", "  x", "<|end|>", "川は", "é"]
    var text: [UInt8] = []
    while text.count < size {
      if random.below(20) == 0 {
        text.append(UInt8(truncatingIfNeeded: random.next()))
      } else {
        text += words[random.below(words.count)].utf8
      }
    }
    return text
  }

  @Test(arguments: ["gpt2", "llama3", "o200k", "cl100k"])
  func `decodes what it encodes, whatever the bytes`(name: String) throws {
    let tokenizer = try GoldenTokenizerTests.tokenizer(name)
    for byte in UInt8.min...UInt8.max {
      #expect(try tokenizer.decode(tokenizer.encode([byte])) == [byte])
    }
    var random = SplitMix64(seed: 21)
    for round in 0..<300 {
      let text =
        round % 2 == 0
        ? (0..<random.below(80)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        : randomText(&random, size: random.below(200))
      #expect(try tokenizer.decode(tokenizer.encode(text)) == text, "\(text)")
      #expect(try tokenizer.decode(tokenizer.encode(text, special: .all)) == text, "\(text)")
    }
  }

  @Test(arguments: ["gpt2", "qwen2", "cl100k"])
  func `gives the same tokens for parts of long texts on all workers`(name: String) throws {
    let tokenizer = try GoldenTokenizerTests.tokenizer(name)
    var random = SplitMix64(seed: 22)
    // Long enough for several pieces; `encode` takes the parallel way from one MiB.
    let text = randomText(&random, size: 1 << 20 + 100_000)
    for special in [SpecialTokenPolicy.none, .all] {
      var expected: [TokenID] = []
      var encoder = tokenizer.makeEncoder()
      try encoder.encode(text.span, special: special, into: &expected)
      #expect(try tokenizer.encode(text, special: special) == expected)
    }
  }

  @Test func `gives the same tokens on all workers where steps are done one after another`() throws
  {
    let base = try GoldenTokenizerTests.tokenizer("gpt2")
    var pipeline = base.pipeline
    pipeline.normalizer = .lowercase
    let tokenizer = try Tokenizer(
      model: base.model, pipeline: pipeline, addedTokens: base.addedTokens)
    var random = SplitMix64(seed: 26)
    let text = randomText(&random, size: 1 << 20 + 5_000)
    for special in [SpecialTokenPolicy.none, .all] {
      var expected: [TokenID] = []
      var encoder = tokenizer.makeEncoder()
      try encoder.encode(text.span, special: special, into: &expected)
      #expect(try tokenizer.encode(text, special: special) == expected)
    }
  }

  @Test func `encodes documents in order`() throws {
    let tokenizer = try GoldenTokenizerTests.tokenizer("qwen2")
    var random = SplitMix64(seed: 23)
    let documents = (0..<100).map { _ in randomText(&random, size: random.below(300)) } + [[]]
    let encoded = try tokenizer.encodeDocuments(documents, special: .all)
    #expect(encoded == (try documents.map { try tokenizer.encode($0, special: .all) }))
    #expect(throws: TokenizerError.specialTokenInText("<|end|>", offset: 1)) {
      try tokenizer.encodeDocuments([[97], Array("a<|end|>".utf8)], special: .error)
    }
  }

  @Test(arguments: ["gpt2", "o200k"])
  func `forgets nothing that matters when its memory is full`(name: String) throws {
    let tokenizer = try GoldenTokenizerTests.tokenizer(name)
    // Each of the limits is reached again and again before the others.
    let limits: [(inout EncoderLimits) -> Void] = [
      { $0.shortSlotLimit = 1 << 6 }, { $0.longSlotLimit = 1 << 6 }, { $0.listLimit = 100 },
      { $0.listLimit = 24 }, { $0.keptSize = 128 }, { _ in },
    ]
    for (number, change) in limits.enumerated() {
      var limits = EncoderLimits()
      change(&limits)
      var encoder = tokenizer.makeEncoder(limits)
      var random = SplitMix64(seed: 24)
      // Words of 1 to 40 letters, many of them again and again; some that are never kept.
      let words = (0..<2_000).map { _ -> [UInt8] in
        let size = random.below(100) == 0 ? 300 + random.below(300) : 1 + random.below(40)
        return (0..<size).map { _ in UInt8(97 + random.below(26)) }
      }
      for start in stride(from: 0, to: words.count, by: 40) {
        let new = words[start..<start + 40]
        let old = (0..<20).map { _ in words[random.below(start + 1)] }
        let text = Array((new + old).joined(separator: [UInt8(ascii: " ")]))
        var ids: [TokenID] = []
        try encoder.encode(text.span, into: &ids)
        #expect(try ids == tokenizer.encode(text), "limit \(number), from word \(start)")
      }
    }
  }

  @Test func `merges a pre-token in parts only where it is longer than can be merged at once`()
    throws
  {
    let base = try GoldenTokenizerTests.tokenizer("gpt2")
    let tokenizer = try Tokenizer(model: base.model, pattern: .none)
    var limits = EncoderLimits()
    limits.mergeSize = 200
    limits.keptSize = 100
    var encoder = tokenizer.makeEncoder(limits)
    let text = Array(String(repeating: "the river runs past ", count: 30).utf8)
    for size in [199, 200, 201, 400, 600] {
      var ids: [TokenID] = []
      try encoder.encode(text.span.extracting(0..<size), into: &ids)
      var expected: [TokenID] = []
      for start in stride(from: 0, to: size, by: 200) {
        expected += try tokenizer.encode(Array(text[start..<min(size, start + 200)]))
      }
      #expect(ids == expected, "\(size)")
    }
  }

  @Test(arguments: ["a", " ", "\n", "\r\n", "^", "'s", "0", "\0", "\u{200D}", "ab", "漢"])
  func `takes linear time for a long run of anything`(piece: String) throws {
    let tokenizer = try GoldenTokenizerTests.tokenizer("o200k")
    let growth = try timeGrowth(from: 10_000) { (size: Int) throws in
      let text = [UInt8](String(repeating: piece, count: size).utf8)
      #expect(try tokenizer.decode(tokenizer.encode(text)) == text)
    }
    #expect(growth < quadraticGrowth)
  }

  /// Words that begin with these eight bytes had equal hashes once.
  private static func craftedWords(_ count: Int) -> [[UInt8]] {
    (0..<count).map { number in
      [0x15, 0x7C, 0x4A, 0x7F, 0xB9, 0x79, 0x37, 0x9E]
        + (0..<7).map { UInt8(truncatingIfNeeded: number >> (4 * $0)) & 15 | 96 }
    }
  }

  @Test func `takes linear time for words that were made to collide`() throws {
    let base = try GoldenTokenizerTests.tokenizer("gpt2")
    let tokenizer = try Tokenizer(model: base.model, pattern: .none)
    let encoding = try timeGrowth(from: 4_000) { size in
      var encoder = tokenizer.makeEncoder()
      var ids: [TokenID] = []
      for word in Self.craftedWords(size) { try encoder.encode(word.span, into: &ids) }
    }
    #expect(encoding < quadraticGrowth)
    let counting = timeGrowth(from: 6_000) { size in
      let counts = PreTokenCounts(Self.craftedWords(size).map { (bytes: $0, count: 1) })
      #expect(counts.count == size)
    }
    #expect(counting < quadraticGrowth)
  }

  // MARK: Extending

  @Test(arguments: ["gpt2", "llama3", "qwen2", "cl100k"])
  func `coarsens its encoding when it is extended`(name: String) throws {
    let base = try GoldenTokenizerTests.tokenizer(name)
    var random = SplitMix64(seed: 25)
    let text = Array("The river runs past the old mill, नदी पुरानी चक्की के पास".utf8)
    let ids = try base.encode(text)
    // New merges of what is side by side, and of what they make.
    var merges: [NewMerge] = []
    var current = ids
    while merges.count < 8 {
      let index = random.below(current.count - 1)
      let (left, right) = (current[index], current[index + 1])
      let known = merges.map { ($0.result, $0.bytes) }
      func bytes(_ id: TokenID) -> [UInt8] {
        known.first { $0.0 == id }?.1 ?? base.bytes(of: id)!
      }
      let joined = bytes(left) + bytes(right)
      // A merge across pre-tokens would never fire.
      let preTokens = PreTokenizer(pattern: base.pattern).preTokens(of: joined)
      if preTokens.count > 1 || base.tokens.id(of: joined) != nil { continue }
      let result = TokenID(base.vocabularySize + merges.count)
      merges.append(NewMerge(left: left, right: right, result: result, bytes: joined))
      current.replaceSubrange(index...index + 1, with: [result])
    }
    let extended = try base.extended(with: merges)
    #expect(extended.vocabularySize == base.vocabularySize + 8)
    #expect(extended.addedTokens == base.addedTokens)
    let coarse = try extended.encode(text)
    #expect(coarse.count < ids.count)
    #expect(try extended.decode(coarse) == text)
    let fine = coarse.flatMap { id -> [TokenID] in
      id < TokenID(base.vocabularySize) ? [id] : (try? base.encode(extended.bytes(of: id)!)) ?? []
    }
    if name != "cl100k" { #expect(fine == ids) }

    // What is written is read with the same IDs, and nothing but vocabulary and merges has changed.
    let directory = try TemporaryDirectory()
    try extended.write(toDirectory: directory.path)
    let again = try Tokenizer(contentsOf: directory.path)
    #expect(try again.encode(text, special: .all) == coarse)
    #expect(again.addedTokens == base.addedTokens)
  }

  @Test func `refuses new merges that do not fit`() throws {
    let base = try GoldenTokenizerTests.tokenizer("gpt2")
    let next = TokenID(base.vocabularySize)
    let (a, z) = (base.tokens.id(of: [97])!, base.tokens.id(of: [122])!)
    let added = base.addedTokens[0].id
    #expect(throws: TokenizerError.unknownToken(next, vocabularySize: base.tokens.idBound)) {
      try base.extended(with: [NewMerge(left: next, right: a, result: next, bytes: [97])])
    }
    let found = "\(z) and \(a) for \(next)"
    #expect(throws: TokenizerError.malformedMerge(rank: base.merges.count, found: found)) {
      try base.extended(with: [NewMerge(left: z, right: a, result: next, bytes: [97, 97])])
    }
    #expect(throws: TokenizerError.occupiedID(added)) {
      try base.extended(with: [NewMerge(left: z, right: z, result: added, bytes: [122, 122])])
    }
    let old = base.merges[0]
    let bytes = Array(base.tokens.bytes(of: old.result)!)
    #expect(throws: TokenizerError.repeatedMerge(left: old.left, right: old.right)) {
      try base.extended(
        with: [NewMerge(left: old.left, right: old.right, result: old.result, bytes: bytes)])
    }
    let new = NewMerge(left: z, right: z, result: next, bytes: [122, 122])
    #expect(throws: TokenizerError.repeatedMerge(left: z, right: z)) {
      try base.extended(with: [new, new])
    }
    let ranks = try GoldenTokenizerTests.tokenizer("cl100k")
    let made = try #require(
      (0..<TokenID(ranks.tokens.idBound)).first { ranks.tokens.size(of: $0) == 2 })
    let parts = ranks.tokens.bytes(of: made)!.map { ranks.tokens.id(of: [$0])! }
    #expect(throws: TokenizerError.repeatedMerge(left: parts[0], right: parts[1])) {
      try ranks.extended(
        with: [
          NewMerge(
            left: parts[0], right: parts[1], result: made,
            bytes: Array(ranks.tokens.bytes(of: made)!))
        ])
    }
  }
}
