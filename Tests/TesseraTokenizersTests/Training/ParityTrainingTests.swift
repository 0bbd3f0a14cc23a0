import TesseraBasics
import Testing

@testable import TesseraTokenizers

/// Training on several languages in turn.
@Suite struct ParityTrainingTests {
  private typealias Words = [(symbols: [UInt32], count: UInt64)]

  private static func counted(
    _ preTokens: [(bytes: [UInt8], count: UInt64)], documents: Int = 0
  ) -> CountedPreTokens {
    var table = PreTokenTable()
    for (bytes, count) in preTokens {
      table.add(bytes.span, 0..<bytes.count, count: count)
    }
    return CountedPreTokens(
      table, CountingOptions(),
      [CorpusSummary(documentCount: documents, textSize: 0, sha256: "")])
  }

  private static func merge(_ pair: PairKey, _ new: UInt32, _ words: inout Words) {
    for index in words.indices {
      var result: [UInt32] = []
      for symbol in words[index].symbols {
        if symbol == pair.right, result.last == pair.left {
          result[result.count - 1] = new
        } else {
          result.append(symbol)
        }
      }
      words[index].symbols = result
    }
  }

  private static func best(_ words: Words, _ maximumLength: Int, _ lengths: [Int]) -> (
    pair: PairKey, count: UInt64
  )? {
    var counts: [PairKey: UInt64] = [:]
    for (symbols, count) in words {
      for (left, right) in zip(symbols, symbols.dropFirst())
      where lengths[Int(left)] + lengths[Int(right)] <= maximumLength {
        counts[PairKey(left, right), default: 0] += count
      }
    }
    let found = counts.min {
      $0.value != $1.value ? $0.value > $1.value : $0.key.packed < $1.key.packed
    }
    return found.map { ($0.key, $0.value) }
  }

  /// The definition: all pairs are counted anew before each merge.
  private static func reference(
    _ languages: [Words], sizes: [UInt64], mergeCount: Int, minimumCount: UInt64,
    maximumLength: Int, globalMergeCount: Int
  ) -> [(pair: PairKey, count: UInt64)] {
    var languages = languages
    var lengths = [Int](repeating: 1, count: 256)
    var merges: [(pair: PairKey, count: UInt64)] = []
    var exhausted: Set<Int> = []
    while merges.count < mergeCount {
      var words: Words = []
      var chosen = -1
      if merges.count < globalMergeCount {
        words = languages.flatMap { $0 }
      } else {
        let tokens = languages.map { $0.reduce(0) { $0 + UInt64($1.symbols.count) * $1.count } }
        for index in languages.indices where !exhausted.contains(index) {
          if chosen < 0 || sizes[index] * tokens[chosen] < sizes[chosen] * tokens[index] {
            chosen = index
          }
        }
        if chosen < 0 { break }
        words = languages[chosen]
      }
      guard let next = best(words, maximumLength, lengths), next.count >= minimumCount else {
        if chosen < 0 { break }
        exhausted.insert(chosen)
        continue
      }
      let new = UInt32(lengths.count)
      lengths.append(lengths[Int(next.pair.left)] + lengths[Int(next.pair.right)])
      merges.append((next.pair, next.count))
      for index in languages.indices { merge(next.pair, new, &languages[index]) }
    }
    return merges
  }

  @Test(arguments: ParityUnit.allCases)
  func `learns the merges of the definition`(unit: ParityUnit) throws {
    for seed in 0..<25 as Range<UInt64> {
      var random = SplitMix64(seed: seed)
      let languages = (0..<1 + random.below(4)).map { _ in
        BPETrainerTests.randomPreTokens(&random).map { (bytes: $0.bytes, count: $0.count * 3) }
      }
      var options = BPETrainerOptions(vocabularySize: 256 + random.below(60))
      options.tie = .bytes
      options.minimumFrequency = random.below(8)
      if random.below(2) == 0 { options.maximumTokenLength = 2 + random.below(6) }
      var parity = ParityOptions()
      parity.unit = unit
      parity.globalMergeCount = random.below(2) * random.below(10)
      let documents = languages.map { _ in 1 + random.below(20) }
      let sizes = zip(languages, documents).map { words, documents in
        unit == .documents
          ? UInt64(documents) : words.reduce(0) { $0 + UInt64($1.bytes.count) * $1.count }
      }
      let expected = Self.reference(
        languages.map { $0.map { (symbols: $0.bytes.map { UInt32($0) }, count: $0.count) } },
        sizes: sizes, mergeCount: options.mergeCount,
        minimumCount: UInt64(max(1, options.minimumFrequency)),
        maximumLength: options.maximumTokenLength ?? .max,
        globalMergeCount: parity.globalMergeCount)
      Workers.setThreadCount(1 + Int(seed) % 3)
      let (trained, outcomes) = try BPETrainer.train(
        on: zip(languages, documents).map { words, documents in
          ParityLanguage(name: "", counted: Self.counted(words, documents: documents))
        }, options, parity: parity)
      #expect(
        trained.merges.map { [$0.left, $0.right] }
          == expected.map { [$0.pair.left, $0.pair.right] }, "seed \(seed)")
      #expect(trained.merges.map(\.count) == expected.map(\.count), "seed \(seed)")
      // The tokens that are left are those that the tokenizer gives.
      var whole = trained.options
      whole.pattern = .none
      let tokenizer = try TrainedBPE(options: whole, merges: trained.merges).makeTokenizer()
      for (words, outcome) in zip(languages, outcomes) {
        let tokens = try words.reduce(0) {
          try $0 + UInt64(tokenizer.encode($1.bytes).count) * $1.count
        }
        #expect(outcome.tokenCount == tokens, "seed \(seed)")
      }
    }
  }

  @Test func `a small language gets its share`() throws {
    let large = [(bytes: Array("thethethe".utf8), count: 1_000 as UInt64)]
    let small = [(bytes: Array("watu watu".utf8), count: 2 as UInt64)]
    let options = BPETrainerOptions(vocabularySize: 260)
    let (trained, outcomes) = try BPETrainer.train(
      on: [
        ParityLanguage(name: "large", counted: Self.counted(large)),
        ParityLanguage(name: "small", counted: Self.counted(small)),
      ], options, parity: ParityOptions())
    #expect(outcomes.map(\.mergeCount) == [2, 2])
    #expect(trained.merges.count == 4)
    #expect(outcomes.map(\.name) == ["large", "small"])
  }
}
