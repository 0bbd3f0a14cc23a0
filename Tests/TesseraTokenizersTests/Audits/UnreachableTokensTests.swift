import TesseraBasics
import TesseraTestSupport
import Testing

@testable import TesseraTokenizers

@Suite struct UnreachableTokensTests {
  /// A random model over bytes, some tokens of which no merge makes, and some merges of which never
  /// come to be.
  static func model(
    seed: UInt64, letters: String, tokenCount: Int = 30, semantics: MergeSemantics
  ) throws -> BPEModel {
    var random = SplitMix64(seed: seed)
    var tokens = try TokenTable((UInt8.min...UInt8.max).map { [$0] })
    var known = Array(letters.utf8).map { TokenID($0) }
    var merges: [Merge] = []
    while known.count < tokenCount {
      let (left, right) = (known[random.below(known.count)], known[random.below(known.count)])
      guard tokens.size(of: left) + tokens.size(of: right) <= 5 else { continue }
      var joined: [UInt8] = []
      tokens.appendBytes(of: left, to: &joined)
      tokens.appendBytes(of: right, to: &joined)
      if tokens.id(of: joined) == nil {
        try tokens.insert(joined, id: TokenID(tokens.count))
        known.append(TokenID(tokens.count - 1))
      }
      // One in four tokens is made by no merge, or by another one only.
      let merge = Merge(left: left, right: right, result: tokens.id(of: joined)!)
      if random.below(4) > 0, !merges.contains(merge) { merges.append(merge) }
    }
    if semantics == .ranks { merges = [] }
    for index in merges.indices.reversed() { merges.swapAt(index, random.below(index + 1)) }
    return try BPEModel(tokens: tokens, merges: merges, semantics: semantics)
  }

  /// The definition on short texts: a token is reached if the encoding of some text has it.
  private func reached(_ tokenizer: Tokenizer, letters: [UInt8], size: Int) throws -> Set<TokenID> {
    var reached = Set<TokenID>()
    var texts: [[UInt8]] = [[]]
    for _ in 0..<size {
      texts = texts.flatMap { text in letters.map { text + [$0] } }
      for text in texts { reached.formUnion(try tokenizer.encode(text)) }
    }
    return reached
  }

  @Test(arguments: [MergeSemantics.merges, .mergesAfterWholePreTokens, .ranks])
  func `finds what no short text encodes to, and nothing else`(semantics: MergeSemantics) throws {
    var unreachableCount = 0
    for seed in 0..<12 as Range<UInt64> {
      for pattern in [PreTokenizerPattern.none, .gpt2] {
        let letters = pattern == .none ? "ab" : "a 1"
        let model = try Self.model(seed: seed, letters: letters, semantics: semantics)
        let tokenizer = try Tokenizer(model: model, pattern: pattern)
        let unreachable = Set(try tokenizer.unreachableTokens().map(\.id))
        unreachableCount += unreachable.count
        let reached = try reached(
          tokenizer, letters: Array(letters.utf8), size: pattern == .none ? 9 : 7)
        let expected = (256..<TokenID(tokenizer.vocabularySize)).filter { !reached.contains($0) }
        #expect(unreachable == Set(expected), "seed \(seed), \(pattern)")
      }
    }
    // Without splitting, whole texts are tokens; everything else has to be found somewhere.
    #expect(unreachableCount > 20)
  }

  private func reasons(_ tokenizer: Tokenizer) throws -> [TokenID: UnreachableToken.Reason] {
    Dictionary(uniqueKeysWithValues: try tokenizer.unreachableTokens().map { ($0.id, $0.reason) })
  }

  private func tokenizer(
    _ tokens: [String], merges: [(String, String)], pattern: PreTokenizerPattern = .gpt2,
    normalization: Normalization = .none, added: [AddedToken] = []
  ) throws -> Tokenizer {
    let base = try ContinuedTrainingTests.base(tokens, merges: merges)
    return try Tokenizer(
      model: base.model, pattern: pattern, normalization: normalization, addedTokens: added)
  }

  @Test func `tells what stands in the way`() throws {
    let tokens = ["ab", "abc", "a1", "1a", "b1"]
    let merges = [("a", "b"), ("a", "1"), ("1", "a"), ("b", "1")]
    #expect(
      try reasons(tokenizer(tokens, merges: merges)) == [
        257: .merges, 258: .splitting,
        259: .splitting, 260: .splitting,
      ])
    let added = [AddedToken("b", id: 300, isSpecial: false)]
    #expect(
      try reasons(tokenizer(tokens, merges: merges + [("ab", "c")], added: added)) == [
        256: .addedTokens, 257: .addedTokens, 258: .splitting, 259: .splitting, 260: .addedTokens,
      ])
    let accents = ["e\u{301}", "\u{301}", "é"]
    let parts = Array("e\u{301}".utf8)
    #expect(parts.count == 3)
    var table = try TokenTable((UInt8.min...UInt8.max).map { [$0] })
    for (index, token) in accents.enumerated() {
      try table.insert(Array(token.utf8), id: TokenID(256 + index))
    }
    let model = try BPEModel(
      tokens: table,
      merges: [
        Merge(left: 0xCC, right: 0x81, result: 257), Merge(left: 0xC3, right: 0xA9, result: 258),
        Merge(left: 0x65, right: 257, result: 256),
      ], semantics: .merges)
    #expect(
      try reasons(Tokenizer(model: model, pattern: .none, normalization: .nfc))
        == [256: .normalization])
    #expect(
      try reasons(Tokenizer(model: model, pattern: .none, normalization: .nfd))
        == [258: .normalization])
  }

  @Test func `completes characters that tokens begin or end within`() throws {
    // In bytes that are no character, every pattern splits between them and letters.
    let table = try TokenTable(
      (UInt8.min...UInt8.max).map { [$0] } + [[0x61, 0xE5], [0xA9, 0x62], [0x61, 0xE5, 0xB7]])
    let model = try BPEModel(
      tokens: table,
      merges: [
        Merge(left: 0x61, right: 0xE5, result: 256), Merge(left: 0xA9, right: 0x62, result: 257),
        Merge(left: 256, right: 0xB7, result: 258),
      ], semantics: .merges)
    for pattern in [PreTokenizerPattern.gpt2, .o200k, .qwen2] {
      #expect(try reasons(Tokenizer(model: model, pattern: pattern)).isEmpty)
    }
  }

  /// A letter and the lead of the next one, which is merged on with whatever completes that.
  static func partial(reachesUser: Bool = true) throws -> Tokenizer {
    let part: [UInt8] = [0xD0, 0xBE, 0xD0]
    // With 0xBE there are two letters before anything else is merged.
    let ends = (UInt8(0x80)...0xBF).filter { $0 != 0xBE }
    let table = try TokenTable(
      (UInt8.min...UInt8.max).map { [$0] } + [[0xD0, 0xBE], part] + ends.map { part + [$0] })
    var merges = [
      Merge(left: 0xD0, right: 0xBE, result: 256), Merge(left: 256, right: 0xD0, result: 257),
    ]
    for (index, end) in ends.enumerated() {
      merges.append(Merge(left: 257, right: TokenID(end), result: TokenID(258 + index)))
    }
    return try Tokenizer(
      model: BPEModel(tokens: table, merges: merges, semantics: .merges), pattern: .gpt2,
      addedTokens: reachesUser ? [] : [AddedToken("\u{43E}", id: 400, isSpecial: false)])
  }

  @Test func `tells tokens that are parts of others from those of no use`() throws {
    #expect(
      try Self.partial().unreachableTokens() == [
        UnreachableToken(id: 257, reason: .splitting, user: 258)
      ])
    // None of the tokens that it is merged into is reached either.
    let unused = try Self.partial(reachesUser: false).unreachableTokens()
    #expect(unused.count == 65 && unused.allSatisfy { $0.user == nil })
  }

  @Test func `tells parts of parts, also where tokens have a suffix`() throws {
    let table = try TokenTable(["a", "b", "c", "c</w>", "ab", "abc</w>"].map { Array($0.utf8) })
    let model = try BPEModel(
      tokens: table,
      merges: [Merge(left: 0, right: 1, result: 4), Merge(left: 4, right: 3, result: 5)],
      semantics: .merges, alphabet: .characters, options: BPEOptions(endOfWordSuffix: "</w>"))
    #expect(model.users(of: [0, 4], besides: []) == [0: 5, 4: 5])
    #expect(model.users(of: [0, 4], besides: [5]) == [:])
  }

  @Test
  func `a merge that is never the one is no use, also where tokens have a prefix or a suffix`()
    throws
  {
    func users(
      _ spellings: [String], _ merges: [(TokenID, TokenID, TokenID)], of id: TokenID,
      _ options: BPEOptions
    ) throws -> [TokenID: TokenID] {
      let model = try BPEModel(
        tokens: TokenTable(spellings.map { Array($0.utf8) }),
        merges: merges.map { Merge(left: $0.0, right: $0.1, result: $0.2) }, semantics: .merges,
        alphabet: .characters, options: options)
      return model.users(of: [id], besides: [])
    }
    // "abc" is always "ab" and "c": nothing is made of "bc", unless its merge is the first.
    let suffix = BPEOptions(endOfWordSuffix: "</w>")
    let ended = ["a", "b", "c</w>", "ab", "bc</w>", "abc</w>"]
    let both: [(TokenID, TokenID, TokenID)] = [(0, 1, 3), (1, 2, 4), (3, 2, 5), (0, 4, 5)]
    #expect(try users(ended, both, of: 4, suffix) == [:])
    #expect(try users(ended, both, of: 3, suffix) == [3: 5])
    let other = [both[1], both[0], both[2], both[3]]
    #expect(try users(ended, other, of: 4, suffix) == [4: 5])
    #expect(try users(ended, other, of: 3, suffix) == [:])
    let prefix = BPEOptions(continuingSubwordPrefix: "##")
    let continued = ["a", "##b", "##c", "ab", "##bc", "abc"]
    #expect(try users(continued, both, of: 4, prefix) == [:])
    #expect(try users(continued, both, of: 3, prefix) == [3: 5])
    // Within a pre-token as well: "##bcd".
    let inner = ["##b", "##c", "##d", "##bc", "##cd", "##bcd"]
    #expect(try users(inner, both, of: 4, prefix) == [:])
    #expect(try users(inner, both, of: 3, prefix) == [3: 5])
    // Bytes of a character that the vocabulary lacks, whose spelling tells no place.
    var bytes = prefix
    bytes.fallsBackToBytes = true
    #expect(
      try users(["<0xC3>", "<0xA9>", "<0xC3><0xA9>"], [(0, 1, 2)], of: 0, bytes) == [0: 2])
    // There all merges of a token count, as any of them may be the one.
    let three = ["<0xE3>", "<0x81>", "<0x82>"]
    let joined = [three[0] + three[1], three[1] + three[2], three.joined()]
    for merges in [[both[0], both[1], both[3], both[2]], both] {
      for part in [3, 4] as [TokenID] {
        #expect(try users(three + joined, merges, of: part, bytes) == [part: 5])
      }
    }
  }

  @Test func `a whole pre-token is reached without merges`() throws {
    let base = try ContinuedTrainingTests.base(["the", " of", "a1"], merges: [])
    let expected: [(MergeSemantics, UnreachableToken.Reason)] = [
      (.mergesAfterWholePreTokens, .merges), (.ranks, .splitting),
    ]
    for (semantics, reason) in expected {
      var model = base.model
      model.semantics = semantics
      #expect(try reasons(Tokenizer(model: model, pattern: .gpt2)) == [258: reason])
    }
    #expect(try reasons(Tokenizer(model: base.model, pattern: .gpt2)).count == 3)
  }

  @Test func `a token behind a prefix space is found after other text`() throws {
    let base = try ContinuedTrainingTests.base(["ab"], merges: [("a", "b")])
    let tokenizer = try Tokenizer(model: base.model, pattern: .gpt2, addsPrefixSpace: true)
    #expect(try tokenizer.unreachableTokens().isEmpty)
  }

  @Test func `in vocabularies over characters spaces stand for their marks`() throws {
    let table = try TokenTable(["<unk>", "▁", "a", "b", "▁a", "ab", "ba"].map { Array($0.utf8) })
    let model = try BPEModel(
      tokens: table,
      merges: [Merge(left: 1, right: 2, result: 4), Merge(left: 2, right: 3, result: 5)],
      semantics: .merges, alphabet: .characters, options: BPEOptions(unknownToken: "<unk>"))
    let tokenizer = try Tokenizer(
      model: model,
      pipeline: TokenizerPipeline(preTokenization: .metaspace(Metaspace(prependScheme: .never))))
    #expect(try reasons(tokenizer) == [6: .merges])
  }

  @Test(arguments: GoldenTokenizerTests.names)
  func `finds every token of a sound tokenizer`(name: String) throws {
    #expect(try GoldenTokenizerTests.tokenizer(name).unreachableTokens().isEmpty)
  }

  @Test func `tells tokens that were made with another pattern`() throws {
    // The fixture's tokens are those of the pattern o200k: words with contractions and marks.
    let unreachable = try GoldenTokenizerTests.tokenizer("cl100k").unreachableTokens()
    #expect(unreachable.count == 8)
    #expect(unreachable.allSatisfy { $0.reason == .splitting })
  }

  @Test func `pieces that SentencePiece keeps unused are no faults`() throws {
    let tokenizer = try Tokenizer(contentsOf: fixturePath("sentencepiece/unused.model"))
    let unused = try #require(tokenizer.model.pieces).kinds.count { $0 == .unused }
    #expect(unused > 50)
    #expect(try tokenizer.unreachableTokens().isEmpty)
  }
}
