import TesseraBasics
import Testing

@testable import TesseraTokenizers

/// Merges on top of a tokenizer that protected text, scripts and shares decide about.
@Suite struct MergeConstraintTests {
  private typealias Word = (symbols: [TokenID], count: UInt64)

  private static func merge(_ pair: PairKey, _ new: TokenID, _ symbols: [TokenID]) -> [TokenID] {
    var result: [TokenID] = []
    for symbol in symbols {
      if symbol == pair.right, result.last == pair.left {
        result[result.count - 1] = new
      } else {
        result.append(symbol)
      }
    }
    return result
  }

  private static func words(
    _ counts: PreTokenCounts, _ base: Tokenizer
  ) throws -> [Word] {
    try (0..<counts.count).map {
      (symbols: try base.encode(Array(counts[$0].bytes)), count: counts[$0].count)
    }
  }

  /// The definition: before each merge all pairs of the language that is furthest behind are counted, and the
  /// best one is made if that leaves the protected words as they are.
  private static func reference(
    _ languages: [PreTokenCounts], shares: [Double], protected: PreTokenCounts, base: Tokenizer,
    count: Int, minimum: UInt64
  ) throws -> (merges: [[TokenID]], languages: [Int], refused: [[TokenID]]) {
    var texts = try languages.map { try words($0, base) }
    let protectedWords = try words(protected, base).map(\.symbols)
    var chosen = languages.map { _ in 0 }
    var exhausted: Set<Int> = []
    var rejected: Set<PairKey> = []
    var refused: [[TokenID]] = []
    var merges: [[TokenID]] = []
    var owners: [Int] = []
    var new = TokenID(base.vocabularySize)
    while merges.count < count {
      let open = languages.indices.filter { !exhausted.contains($0) }
      let index = open.min {
        Double(2 * chosen[$0] + 1) / shares[$0] < Double(2 * chosen[$1] + 1) / shares[$1]
      }
      guard let index else { break }
      var counts: [PairKey: UInt64] = [:]
      for (symbols, count) in texts[index] {
        for (left, right) in zip(symbols, symbols.dropFirst()) {
          counts[PairKey(left, right), default: 0] += count
        }
      }
      let best = counts.filter { !rejected.contains($0.key) }.min {
        $0.value != $1.value ? $0.value > $1.value : $0.key.packed < $1.key.packed
      }
      guard let best, best.value >= minimum else {
        exhausted.insert(index)
        continue
      }
      if protectedWords.contains(where: { merge(best.key, new, $0) != $0 }) {
        rejected.insert(best.key)
        refused.append([best.key.left, best.key.right])
        continue
      }
      merges.append([best.key.left, best.key.right, new])
      owners.append(index)
      chosen[index] += 1
      for language in texts.indices {
        for word in texts[language].indices {
          texts[language][word].symbols = merge(best.key, new, texts[language][word].symbols)
        }
      }
      new += 1
    }
    return (merges, owners, refused)
  }

  @Test func `learns the merges of the definition for any languages, shares and protected text`()
    throws
  {
    let threadCount = Workers.threadCount
    defer { Workers.setThreadCount(threadCount) }
    var refusedCount = 0
    for seed in 200..<240 as Range<UInt64> {
      let (base, first) = try ContinuedTrainingTests.random(seed)
      var random = SplitMix64(seed: seed)
      var languages = [first]
      for _ in 0..<random.below(3) {
        languages.append(PreTokenCounts(BPETrainerTests.randomPreTokens(&random)))
      }
      let shares = languages.map { _ in Double(1 + random.below(9)) / 10 }
      let protected = PreTokenCounts(
        Array(BPETrainerTests.randomPreTokens(&random).prefix(random.below(4))))
      var options = ContinuedTrainingOptions(newTokenCount: 25)
      options.minimumFrequency = random.below(3)
      let expected = try Self.reference(
        languages, shares: shares, protected: protected, base: base, count: 25,
        minimum: UInt64(max(1, options.minimumFrequency)))
      var constraints = MergeConstraints()
      constraints.protectedPairs = ProtectedPairs(in: protected, base: base)
      Workers.setThreadCount(1 + Int(seed) % 3)
      var saved = languages.map { _ in 0 as UInt64 }
      let found = try continueTraining(
        base: base,
        languages: zip(languages, shares).map { ContinuedLanguage(counts: $0, share: $1) },
        options: options, constraints: constraints, progress: nil
      ) { step in
        for index in saved.indices { saved[index] += step.saved[index] }
        return true
      }
      #expect(
        found.merges.map { [$0.left, $0.right, $0.result] } == expected.merges, "seed \(seed)")
      #expect(found.languages == expected.languages, "seed \(seed)")
      #expect(found.refused.map { [$0.left, $0.right] } == expected.refused, "seed \(seed)")
      refusedCount += found.refused.count
      // What each merge saves adds up to what the tokenizer saves.
      let extended = try found.makeTokenizer(base: base)
      for (index, counts) in languages.enumerated() {
        let tokens = try [base, extended].map { tokenizer in
          try (0..<counts.count).reduce(0) {
            try $0 + UInt64(tokenizer.encode(Array(counts[$1].bytes)).count) * counts[$1].count
          }
        }
        #expect(saved[index] == tokens[0] - tokens[1], "seed \(seed)")
      }
    }
    #expect(refusedCount > 20)
  }

  @Test(arguments: [MergeSemantics.merges, .mergesAfterWholePreTokens, .ranks])
  func `protected text keeps its tokens`(semantics: MergeSemantics) throws {
    var changes = 0
    for seed in 300..<330 as Range<UInt64> {
      let (base, counts) = try ContinuedTrainingTests.random(seed, semantics: semantics)
      var random = SplitMix64(seed: seed)
      let protected = PreTokenCounts(
        Array(BPETrainerTests.randomPreTokens(&random).prefix(4)))
      var constraints = MergeConstraints()
      constraints.protectedPairs = ProtectedPairs(in: protected, base: base)
      let options = ContinuedTrainingOptions(newTokenCount: 20)
      let free = try continueTraining(base: base, counts: counts, options: options)
        .makeTokenizer(base: base)
      let extended = try continueTraining(
        base: base, counts: counts, options: options, constraints: constraints
      ).makeTokenizer(base: base)
      for text in ContinuedTrainingTests.texts(protected) {
        let before = try base.encode(text)
        #expect(try extended.encode(text) == before, "seed \(seed)")
        changes += try free.encode(text) == before ? 0 : 1
      }
    }
    // Without the constraint the same text would have changed.
    #expect(changes > 10)
  }

  @Test func `tokens have characters of the scripts alone, and their parts`() throws {
    let base = try ContinuedTrainingTests.base([], merges: [])
    let words = ["नदी", "river", "নদী", "नदी,", "पानी"]
    let counts = PreTokenCounts(words.map { (bytes: Array($0.utf8), count: 5) })
    var constraints = MergeConstraints()
    constraints.scripts = try ScriptSet(["Deva"])
    let found = try continueTraining(
      base: base, counts: counts, options: ContinuedTrainingOptions(newTokenCount: 200),
      constraints: constraints)
    #expect(found.newTokens.contains(Array("नदी".utf8)))
    for token in found.newTokens { #expect(constraints.scripts?.contains(token) == true) }
    #expect(found.refused.allSatisfy { $0.reason == .script })
    let bytes = found.refused.map { pair in
      [pair.left, pair.right].flatMap { id in
        id < found.ids.next ? [UInt8(id)] : found.newTokens[Int(id - found.ids.next)]
      }
    }
    #expect(bytes.contains(Array("ri".utf8)))
    for token in bytes { #expect(constraints.scripts?.contains(token) == false) }
  }

  @Test func `tokens are divided as the shares say`() throws {
    let base = try ContinuedTrainingTests.base([], merges: [])
    func counts(_ letter: Unicode.Scalar) -> PreTokenCounts {
      var random = SplitMix64(seed: UInt64(letter.value))
      return PreTokenCounts(
        (0..<60).map { _ in
          ((0..<12).map { _ in UInt8(letter.value) + UInt8(random.below(8)) }, 3)
        })
    }
    let found = try continueTraining(
      base: base,
      languages: [
        ContinuedLanguage(counts: counts("a"), share: 0.6),
        ContinuedLanguage(counts: counts("k"), share: 0.3),
        ContinuedLanguage(counts: counts("A"), share: 0.1),
      ], options: ContinuedTrainingOptions(newTokenCount: 100), constraints: MergeConstraints(),
      progress: nil)
    #expect((0..<3).map { index in found.languages.count { $0 == index } } == [60, 30, 10])
  }
}
