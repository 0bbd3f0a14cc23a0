import TesseraBasics
import TesseraTestSupport
import Testing

@testable import TesseraTokenizers

@Suite struct StreamingEncoderTests {
  /// The tokens of a text that arrives in pieces.
  static func ids(
    of text: [UInt8], _ tokenizer: Tokenizer, special: SpecialTokenPolicy = .none,
    pieceSize: () -> Int
  ) throws -> [TokenID] {
    var stream = tokenizer.makeStreamingEncoder(special: special)
    var ids: [TokenID] = []
    var start = 0
    while start < text.count {
      let end = min(text.count, start + pieceSize())
      try stream.add(text.span.extracting(start..<end), into: &ids)
      start = end
    }
    try stream.finish(into: &ids)
    return ids
  }

  /// Words, runs of one character, and bytes at random.
  static func randomText(_ random: inout SplitMix64) -> [UInt8] {
    let pieces = [
      "the river", " ", "  ", "\n", "\r\n \n", "HTMLa", "ABC漢DEF", "don't", "'RE", "12345", "नदी ",
      "강물이", "川は", "e\u{301}", "\u{301}", "ﬁ", "/\n", "...", "<|end|>", "<|end", "<s>", "\u{3000}",
      "😀",
    ]
    var text: [UInt8] = []
    for _ in 0..<random.below(30) {
      switch random.below(12) {
      case 0:
        text.append(UInt8(truncatingIfNeeded: random.next()))
      case 1:
        let piece = Array(pieces[random.below(pieces.count)].utf8)
        text += repeatElement(piece, count: random.below(40)).joined()
      default: text += pieces[random.below(pieces.count)].utf8
      }
    }
    return text
  }

  private static let expressions = [
    #"a(b*c)?|b|\s+(?!\S)|\s+"#, #"\A\s+|\b\w|(?<=\s)\S+|\s"#, #"\p{Han}|\d{1,3}(?=\d)|[^\s\d]+"#,
  ]

  @Test func `takes no end of a pre-token for certain that further text changes`() throws {
    let patterns =
      PreTokenizerPattern.named
      + (try Self.expressions.map { .expression(try PatternExpression($0)) })
    for pattern in patterns {
      let preTokenizer = PreTokenizer(pattern: pattern)
      var random = SplitMix64(seed: 71)
      for round in 0..<40 {
        let text =
          round % 2 == 0
          ? PreTokenizerTests.randomText(&random, length: 30) : Self.randomText(&random)
        let sizes = PreTokenizerTests.sizes(text, preTokenizer)
        for end in 0...text.count {
          var ends = [Int](repeating: 0, count: 1_000)
          let count = unsafe text[..<end].withUnsafeBufferPointer { text in
            unsafe ends.withUnsafeMutableBufferPointer {
              unsafe preTokenizer.scanCertain(text, from: 0, into: $0)
            }
          }
          var found: [Int] = []
          for index in 0..<count { found.append(ends[index] - (index == 0 ? 0 : ends[index - 1])) }
          guard sizes.starts(with: found) else {
            Issue.record("\(pattern.rawValue), \(end) bytes of \(text): \(found), not \(sizes)")
            break
          }
        }
      }
    }
  }

  @Test(arguments: ["gpt2", "llama3", "qwen2", "o200k", "cl100k", "prefix-space"])
  func `gives the tokens of the whole text, however it is cut`(name: String) throws {
    let tokenizer = try GoldenTokenizerTests.tokenizer(name)
    let isIncremental = tokenizer.makeStreamingEncoder().isIncremental
    #expect(isIncremental)
    var random = SplitMix64(seed: 72)
    for round in 0..<100 {
      let text = Self.randomText(&random)
      for special in [SpecialTokenPolicy.none, .all] {
        let expected = try tokenizer.encode(text, special: special)
        let limit = [1, 3, 20, 300][round % 4]
        let found = try Self.ids(of: text, tokenizer, special: special) { 1 + random.below(limit) }
        #expect(found == expected, "\(name), \(special), up to \(limit): \(text)")
      }
    }
  }

  @Test(arguments: [Normalization.none, .nfc, .nfkd])
  func `finds added tokens of every kind across pieces`(form: Normalization) throws {
    var random = SplitMix64(seed: 73)
    let bytes = try TokenTable((0..<256).map { [UInt8($0)] })
    let model = try BPEModel(tokens: bytes, merges: [], semantics: .merges)
    let contents = ["<s>", "<s><s>", " ", "fi", "end", "e\u{301}", "river", "<|end|>", "\n \n"]
    for round in 0..<72 {
      var added: [AddedToken] = []
      for (index, content) in contents.enumerated() where random.below(3) > 0 {
        added.append(
          AddedToken(
            content, id: TokenID(300 + index), isSpecial: random.below(2) == 0,
            isNormalized: random.below(2) == 0, stripsLeft: random.below(3) == 0,
            stripsRight: random.below(3) == 0, isSingleWord: random.below(4) == 0))
      }
      let pattern = PreTokenizerPattern.named[round % 12]
      guard
        let tokenizer = try? Tokenizer(
          model: model, pattern: pattern, normalization: form, addedTokens: added,
          addsPrefixSpace: pattern == .gpt2 && random.below(2) == 0)
      else { continue }
      for _ in 0..<6 {
        let text = Self.randomText(&random)
        for special in [SpecialTokenPolicy.none, .all] {
          let expected = try tokenizer.encode(text, special: special)
          let found = try Self.ids(of: text, tokenizer, special: special) { 1 + random.below(9) }
          #expect(found == expected, "\(added), \(special): \(text)")
        }
        // Where the whole text has no special token, neither has the stream.
        let isForbidden = (try? tokenizer.encode(text, special: .error)) == nil
        let fails = (try? Self.ids(of: text, tokenizer, special: .error) { 5 }) == nil
        #expect(isForbidden == fails)
      }
    }
  }

  @Test func `keeps no more than is uncertain`() throws {
    let tokenizer = try GoldenTokenizerTests.tokenizer("qwen2")
    for unit in ["the river runs ", "1234567890", "नदी पुरानी ", "e\u{301}", "<|endof"] {
      for special in [SpecialTokenPolicy.none, .all] {
        var stream = tokenizer.makeStreamingEncoder(special: special)
        var ids: [TokenID] = []
        let piece = Array(String(repeating: unit, count: 10).utf8)
        var text: [UInt8] = []
        var most = 0
        for _ in 0..<300 {
          try stream.add(piece.span, into: &ids)
          text += piece
          most = max(most, stream.waitingSize)
        }
        // One long word is one pre-token.
        if unit != "e\u{301}" { #expect(most < 1_200, "\(unit)") }
        try stream.finish(into: &ids)
        #expect(try ids == tokenizer.encode(text, special: special))
      }
    }
  }

  @Test func `gives tokens as soon as they are certain`() throws {
    let tokenizer = try GoldenTokenizerTests.tokenizer("gpt2")
    var stream = tokenizer.makeStreamingEncoder()
    var ids: [TokenID] = []
    try stream.add(Array("the old mill runs and runs".utf8).span, into: &ids)
    #expect(try tokenizer.decode(ids) == Array("the old mill runs".utf8))
    try stream.finish(into: &ids)
    #expect(try ids == tokenizer.encode("the old mill runs and runs"))
    // Then comes another text.
    ids = []
    try stream.add(Array("and".utf8).span, into: &ids)
    try stream.finish(into: &ids)
    #expect(try ids == tokenizer.encode("and"))
  }

  @Test func `says where a special token is, and leaves the tokens as they were`() throws {
    let tokenizer = try GoldenTokenizerTests.tokenizer("gpt2")
    var stream = tokenizer.makeStreamingEncoder(special: .error)
    var ids: [TokenID] = [7]
    try stream.add(Array("The river runs past the old mill <|e".utf8).span, into: &ids)
    let before = ids
    #expect(throws: TokenizerError.specialTokenInText("<|end|>", offset: 33)) {
      try stream.add(Array("nd|> and on, day after day".utf8).span, into: &ids)
    }
    #expect(ids == before)
    ids = []
    try stream.add(Array("a".utf8).span, into: &ids)
    try stream.finish(into: &ids)
    #expect(try ids == tokenizer.encode("a"))
  }

  @Test(arguments: ["gpt2", "o200k"])
  func `encodes large pieces on all workers`(name: String) throws {
    let tokenizer = try GoldenTokenizerTests.tokenizer(name)
    var random = SplitMix64(seed: 74)
    var text: [UInt8] = []
    while text.count < 2_800_000 { text += Self.randomText(&random) }
    let found = try Self.ids(of: text, tokenizer) { 1_300_000 }
    #expect(try found == tokenizer.encode(text))
  }

  @Test func `keeps the whole text where no part of it is certain`() throws {
    let base = try GoldenTokenizerTests.tokenizer("gpt2")
    let tokenizer = try base.withDropout(0.5)
    var stream = tokenizer.makeStreamingEncoder(seed: 3)
    let isIncremental = stream.isIncremental
    #expect(!isIncremental)
    var ids: [TokenID] = []
    for word in ["The ri", "ver runs", " past"] {
      try stream.add(Array(word.utf8).span, into: &ids)
      #expect(ids.isEmpty)
    }
    try stream.finish(into: &ids)
    #expect(try ids == tokenizer.encode("The river runs past", seed: 3))
  }

  @Test(arguments: ["a", " ", "\n", "1", "漢"])
  func `takes linear time for one pre-token in small pieces`(piece: String) throws {
    let tokenizer = try GoldenTokenizerTests.tokenizer("o200k")
    let growth = try timeGrowth(from: 20_000) { (size: Int) throws in
      let text = [UInt8](String(repeating: piece, count: size / piece.utf8.count).utf8)
      #expect(try Self.ids(of: text, tokenizer) { 7 }.count > 0)
    }
    #expect(growth < quadraticGrowth)
  }
}
