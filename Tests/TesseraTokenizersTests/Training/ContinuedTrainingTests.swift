import TesseraBasics
import TesseraTokenizers
import Testing

@Suite struct ContinuedTrainingTests {
  /// A base trained on random pre-tokens, and the pre-tokens to go on with.
  static func random(
    _ seed: UInt64, semantics: MergeSemantics = .merges
  ) throws -> (base: Tokenizer, counts: PreTokenCounts) {
    var random = SplitMix64(seed: seed)
    let first = BPETrainerTests.randomPreTokens(&random)
    let second = BPETrainerTests.randomPreTokens(&random)
    var options = BPETrainerOptions(vocabularySize: 256 + random.below(20))
    options.pattern = .none
    options.tie = .bytes
    let trained = try BPETrainer.train(on: PreTokenCounts(first), options).makeTokenizer()
    let model = try BPEModel(
      tokens: trained.tokens, merges: semantics == .ranks ? [] : trained.merges,
      semantics: semantics)
    return (
      try Tokenizer(model: model, pattern: .none), PreTokenCounts(second + first.prefix(3))
    )
  }

  /// The base with the merges after its own.
  static func extended(_ base: Tokenizer, _ continued: ContinuedBPE) throws -> Tokenizer {
    var tokens = base.tokens
    for (index, bytes) in continued.newTokens.enumerated() {
      try tokens.insert(bytes, id: continued.ids.next + TokenID(index))
    }
    let merges = continued.merges.map {
      Merge(left: $0.left, right: $0.right, result: $0.result)
    }
    let model = try BPEModel(
      tokens: tokens, merges: base.model.semantics == .ranks ? [] : base.merges + merges,
      semantics: base.model.semantics)
    return try Tokenizer(model: model, pattern: base.pattern, addedTokens: base.addedTokens)
  }

  /// The definition of the extended encoding: new merges applied to the base encoding, in order.
  static func composed(_ base: Tokenizer, _ merges: [LearnedMerge], _ text: [UInt8]) throws
    -> [TokenID]
  {
    var ids = try base.encode(text)
    for merge in merges {
      var result: [TokenID] = []
      for id in ids {
        if id == merge.right, result.last == merge.left {
          result[result.count - 1] = merge.result
        } else {
          result.append(id)
        }
      }
      ids = result
    }
    return ids
  }

  /// The tokens of the base that a token consists of.
  static func expand(_ id: TokenID, _ merges: [TokenID: LearnedMerge]) -> [TokenID] {
    guard let merge = merges[id] else { return [id] }
    return expand(merge.left, merges) + expand(merge.right, merges)
  }

  static func texts(_ counts: PreTokenCounts) -> [[UInt8]] {
    (0..<counts.count).map { Array(counts[$0].bytes) }
  }

  @Test func `learns the merges of the definition on the base encoding`() throws {
    for seed in 0..<20 as Range<UInt64> {
      let (base, counts) = try Self.random(seed)
      let words = try (0..<counts.count).map { index in
        (symbols: try base.encode(Array(counts[index].bytes)), count: counts[index].count)
      }
      let minimum = Int(seed % 4)
      let maximum = seed % 3 == 0 ? 5 : 1_000
      let expected = referenceMerges(
        words, byteLengths: (0..<base.vocabularySize).map { base.tokens.size(of: TokenID($0)) },
        mergeCount: 25, minimumCount: UInt64(max(1, minimum)), maximumLength: maximum)
      var options = ContinuedTrainingOptions(newTokenCount: 25)
      options.minimumFrequency = minimum
      options.maximumTokenLength = maximum
      for number in Int(seed) * 3..<Int(seed) * 3 + 3 {
        let continued = try continueTraining(
          base: base, counts: counts, options: options, constraints: MergeConstraints(),
          limits: BPETrainerTests.tightLimits(number), progress: nil)
        #expect(
          continued.merges.map { [$0.left, $0.right] } == expected.map { [$0.left, $0.right] })
        #expect(continued.merges.map(\.count) == expected.map(\.count), "seed \(seed)")
        #expect(continued.newTokens.count == continued.merges.count)
      }
    }
  }

  @Test(arguments: [MergeSemantics.merges, .mergesAfterWholePreTokens, .ranks])
  func `the extended encoding is a coarsening of the base encoding`(
    semantics: MergeSemantics
  ) throws {
    for seed in 100..<112 as Range<UInt64> {
      let (base, counts) = try Self.random(seed, semantics: semantics)
      let continued = try continueTraining(
        base: base, counts: counts, options: ContinuedTrainingOptions(newTokenCount: 20))
      let extended = try Self.extended(base, continued)
      let byResult = Dictionary(uniqueKeysWithValues: continued.merges.map { ($0.result, $0) })
      var random = SplitMix64(seed: seed)
      let texts = Self.texts(counts) + BPETrainerTests.randomPreTokens(&random).map(\.bytes)
      for text in texts {
        let old = try base.encode(text)
        let new = try extended.encode(text)
        #expect(new.flatMap { Self.expand($0, byResult) } == old, "seed \(seed)")
        #expect(try new == Self.composed(base, continued.merges, text), "seed \(seed)")
        if !new.contains(where: { $0 >= continued.ids.next }) { #expect(new == old) }
      }
      for (index, bytes) in continued.newTokens.enumerated() {
        #expect(try extended.encode(bytes) == [continued.ids.next + TokenID(index)])
      }
      for text in texts { #expect(try extended.decode(extended.encode(text)) == text) }
    }
  }

  /// A base with the bytes and given tokens, the first of which merges make.
  static func base(
    _ tokens: [String], merges: [(String, String)], added: [AddedToken] = []
  ) throws -> Tokenizer {
    var table = try TokenTable((UInt8.min...UInt8.max).map { [$0] })
    for (index, token) in tokens.enumerated() {
      try table.insert(Array(token.utf8), id: TokenID(256 + index))
    }
    let list = merges.map { left, right in
      Merge(
        left: table.id(of: Array(left.utf8))!, right: table.id(of: Array(right.utf8))!,
        result: table.id(of: Array((left + right).utf8))!)
    }
    return try Tokenizer(
      model: BPEModel(tokens: table, merges: list, semantics: .merges), pattern: .none,
      addedTokens: added)
  }

  static let counts = PreTokenCounts([(Array("abc".utf8), 9), (Array("xabd".utf8), 5)])

  @Test func `a token that the base has but does not reach keeps its ID`() throws {
    let base = try Self.base(["ab"], merges: [])
    let continued = try continueTraining(
      base: base, counts: Self.counts, options: ContinuedTrainingOptions(newTokenCount: 2))
    #expect(continued.merges[0] == LearnedMerge(left: 97, right: 98, result: 256, count: 14))
    #expect(continued.ids.next == 257)
    #expect(continued.newTokens == ["abc", "xab"].map { Array($0.utf8) })
    let extended = try Self.extended(base, continued)
    #expect(try extended.encode("abc") == [257])
    #expect(try extended.encode("abd") == [256, 100])
  }

  @Test func `a token that merges of the base use is not made by a new merge`() throws {
    let base = try Self.base(["ab", "abz"], merges: [("ab", "z")])
    let continued = try continueTraining(
      base: base, counts: Self.counts, options: ContinuedTrainingOptions(newTokenCount: 1))
    #expect(continued.merges.allSatisfy { $0.result >= continued.ids.next })
    #expect(continued.newTokens == [Array("bc".utf8)])
  }

  @Test func `no merge makes an added token`() throws {
    let base = try Self.base([], merges: [], added: [AddedToken("ab", id: 300)])
    let continued = try continueTraining(
      base: base, counts: Self.counts, options: ContinuedTrainingOptions(newTokenCount: 1))
    #expect(continued.ids.next == 301)
    #expect(continued.newTokens == [Array("bc".utf8)])
  }

  @Test func `new IDs begin where the caller says`() throws {
    let base = try Self.base([], merges: [])
    var options = ContinuedTrainingOptions(newTokenCount: 2)
    options.ids = NewTokenIDs(from: 1_000)
    let continued = try continueTraining(base: base, counts: Self.counts, options: options)
    #expect(continued.merges.map(\.result) == [1_000, 1_001])
    #expect(continued.merges[1].left == 1_000)
    options.ids = NewTokenIDs(from: 255)
    #expect(throws: TrainingError.firstIDOccupied(255, minimum: 256)) {
      try continueTraining(base: base, counts: Self.counts, options: options)
    }
  }

  @Test func `IDs of added tokens are used first, and the tokens are gone then`() throws {
    let base = try Self.base(
      ["xy"], merges: [("x", "y")],
      added: [AddedToken("<a>", id: 257), AddedToken("<b>", id: 259), AddedToken("<c>", id: 260)])
    var options = ContinuedTrainingOptions(newTokenCount: 3)
    options.ids = NewTokenIDs(listed: [257, 260], from: 264)
    let continued = try continueTraining(base: base, counts: Self.counts, options: options)
    #expect(continued.merges.map(\.result) == [257, 260, 264])
    let tokenizer = try continued.makeTokenizer(base: base)
    #expect(tokenizer.addedTokens.map(\.content) == ["<b>"])
    for (index, bytes) in continued.newTokens.enumerated() {
      #expect(try tokenizer.encode(bytes) == [continued.ids[index]])
    }
    // Their texts are text from now on, and no merge has made one of them.
    #expect(try tokenizer.encode("<a><b>", special: .all) == [60, 97, 62, 259])
    for (ids, error): ([TokenID], TrainingError) in [
      ([258], .idNotReusable(258)), ([97, 257], .idNotReusable(97)),
    ] {
      options.ids = NewTokenIDs(listed: ids, from: 264)
      #expect(throws: error) {
        try continueTraining(base: base, counts: Self.counts, options: options)
      }
    }
  }

  @Test func `under ranks, IDs among those of the base are refused`() throws {
    var tokens = try Self.base(["ab"], merges: []).tokens
    let added = [AddedToken("<a>", id: 257), AddedToken("<b>", id: 259)]
    var options = ContinuedTrainingOptions(newTokenCount: 3)
    options.ids = NewTokenIDs(listed: [257, 259], from: 260)
    func continued() throws -> (ContinuedBPE, Tokenizer) {
      let base = try Tokenizer(
        model: BPEModel(tokens: tokens, merges: [], semantics: .ranks), pattern: .none,
        addedTokens: added)
      let continued = try continueTraining(base: base, counts: Self.counts, options: options)
      return (continued, try continued.makeTokenizer(base: base))
    }
    let (found, tokenizer) = try continued()
    #expect(found.merges.map(\.result) == [257, 259, 260])
    for (index, bytes) in found.newTokens.enumerated() {
      #expect(try tokenizer.encode(bytes) == [found.ids[index]])
    }
    try tokens.insert(Array("abx".utf8), id: 258)
    #expect(throws: TrainingError.idBeforeRanks(257, last: 258)) { try continued() }
  }

  @Test func `refuses a number of tokens for which there are no IDs`() throws {
    let base = try Self.base([], merges: [])
    let maximum = Int(TokenTable.maximumID) + 1
    func failure(_ count: Int, firstID: TokenID? = nil) -> TrainingError? {
      var options = ContinuedTrainingOptions(newTokenCount: count)
      options.ids = firstID.map { NewTokenIDs(from: $0) }
      return #expect(throws: TrainingError.self) {
        try continueTraining(base: base, counts: Self.counts, options: options)
      }
    }
    #expect(failure(.max) == .vocabularyTooLarge(size: .max, maximum: maximum))
    #expect(failure(maximum - 255) == .vocabularyTooLarge(size: maximum + 1, maximum: maximum))
    #expect(
      failure(0, firstID: .max) == .vocabularyTooLarge(size: Int(UInt32.max), maximum: maximum))
    #expect(failure(-1) == .negativeTokenCount(-1))
  }

  @Test func `learns nothing where every pre-token is a token already`() throws {
    let base = try Self.base(["ab"], merges: [("a", "b")])
    for texts in [["ab"], ["a", "b"], ["ab", "a"]] {
      let counts = PreTokenCounts(texts.map { (bytes: Array($0.utf8), count: 7) })
      let continued = try continueTraining(
        base: base, counts: counts, options: ContinuedTrainingOptions(newTokenCount: 5))
      #expect(continued.merges.isEmpty)
      #expect(continued.newTokens.isEmpty)
    }
  }
}
