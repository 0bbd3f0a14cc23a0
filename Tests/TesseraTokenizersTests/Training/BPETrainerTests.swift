import TesseraBasics
import TesseraTokenizers
import Testing

@Suite struct BPETrainerTests {
  /// Pre-tokens with many ties and runs: few letters, few different counts.
  static func randomPreTokens(_ random: inout SplitMix64) -> [(bytes: [UInt8], count: UInt64)] {
    let letters = Array("ab c\u{E9}".utf8).prefix(2 + random.below(5))
    return (0..<1 + random.below(30)).map { _ in
      let length = 1 + random.below(random.below(4) == 0 ? 40 : 8)
      let bytes = (0..<length).map { _ in letters[letters.startIndex + random.below(letters.count)]
      }
      return (bytes, UInt64(1 + random.below(4)))
    }
  }

  /// What the definition gives.
  static func reference(
    _ counts: PreTokenCounts, _ options: BPETrainerOptions
  ) -> [LearnedMerge] {
    let alphabet = options.tie.alphabet
    let words = (0..<counts.count).map { index in
      let (bytes, count) = counts[index]
      return (symbols: bytes.map { UInt32(alphabet.firstIndex(of: $0)!) }, count: count)
    }
    let merges = referenceMerges(
      words, byteLengths: [Int](repeating: 1, count: 256), mergeCount: options.mergeCount,
      minimumCount: UInt64(max(1, options.minimumFrequency)),
      maximumLength: options.maximumTokenLength ?? .max)
    return merges.enumerated().map { index, merge in
      LearnedMerge(
        left: merge.left, right: merge.right, result: TokenID(256 + index), count: merge.count)
    }
  }

  static let schedules: [ThresholdSchedule] = [
    .adaptive, .fixed(first: .max, divisor: 2), .fixed(first: 1_000_000, divisor: 1_000),
    .fixed(first: 3, divisor: 4), .fixed(first: 1, divisor: 2), .fixed(first: 20, divisor: 2),
  ]

  /// Limits under which the engine scans and starts over again and again.
  static func tightLimits(_ number: Int) -> MergingLimits {
    var limits = MergingLimits()
    limits.schedule = schedules[number % schedules.count]
    limits.scanGrain = 8
    limits.mergeGrain = [1, 3][number % 2]
    limits.poolCapacity = [Int(UInt32.max), 20, 100][number % 3]
    limits.positionLimit = [Int.max, 1, 10, 50][number % 4]
    limits.pairLimit = [Int.max / 4, 1, 2, 7, 30][number % 5]
    limits.countedPairLimit = [Int.max, 3, 11][number / 2 % 3]
    return limits
  }

  @Test(arguments: TieOrder.allCases)
  func `learns the merges of the definition, whatever the thresholds and threads`(tie: TieOrder)
    throws
  {
    for seed in 0..<50 as Range<UInt64> {
      var random = SplitMix64(seed: seed)
      let counts = PreTokenCounts(Self.randomPreTokens(&random))
      var options = BPETrainerOptions(vocabularySize: 256 + 1 + random.below(80))
      options.tie = tie
      options.minimumFrequency = random.below(5)
      if random.below(2) == 0 { options.maximumTokenLength = 2 + random.below(7) }
      let expected = Self.reference(counts, options)
      // Under the last limits, pairs once fell below a threshold that rose after they were kept.
      for number in (0..<3).map({ Int(seed) * 3 + $0 }) + (seed == 42 ? [337] : []) {
        Workers.setThreadCount([1, 2, 4][number % 3])
        let trained = try BPETrainer.train(on: counts, options, Self.tightLimits(number))
        #expect(trained.merges == expected, "seed \(seed), limits \(number)")
      }
    }
  }

  @Test func `learns nothing of pre-tokens of one byte`() throws {
    let counts = PreTokenCounts([([97], 5), ([98], 2)])
    let trained = try BPETrainer.train(on: counts, BPETrainerOptions(vocabularySize: 300))
    #expect(trained.merges.isEmpty)
  }

  /// A small corpus with known merges.
  static let lower = PreTokenCounts([
    (Array("low".utf8), 5), (Array("lower".utf8), 2), (Array("newest".utf8), 6),
    (Array("widest".utf8), 3),
  ])

  static func spellings(_ trained: TrainedBPE) -> [String] {
    trained.tokenBytes().dropFirst(256).map { String(decoding: $0, as: UTF8.self) }
  }

  @Test func `learns the merges of the published example`() throws {
    // Sennrich, Haddow and Birch, algorithm 1, without their end-of-word symbol.
    let trained = try BPETrainer.train(on: Self.lower, BPETrainerOptions(vocabularySize: 262))
    #expect(Self.spellings(trained) == ["es", "est", "lo", "low", "ew", "new"].map { $0 })
    #expect(trained.merges.map(\.count) == [9, 9, 7, 7, 6, 6])
  }

  @Test func `a smaller vocabulary is a prefix of a larger one`() throws {
    var options = BPETrainerOptions(vocabularySize: 264)
    options.specialTokens = ["<s>", "</s>"]
    for tie in TieOrder.allCases {
      options.tie = tie
      let large = try BPETrainer.train(on: Self.lower, options)
      for size in 258...264 {
        options.vocabularySize = size
        let small = try BPETrainer.train(on: Self.lower, options)
        #expect(large.prefix(vocabularySize: size) == small)
      }
      options.vocabularySize = 264
    }
  }

  @Test func `special tokens come first under hf and last under bytes`() throws {
    var options = BPETrainerOptions(vocabularySize: 260)
    options.specialTokens = ["<s>", "</s>"]
    let hf = try BPETrainer.train(on: Self.lower, options)
    #expect(hf.firstSpecialID == 0 && hf.firstByteID == 2)
    #expect(hf.merges.map(\.result) == [258, 259])
    options.tie = .bytes
    let bytes = try BPETrainer.train(on: Self.lower, options)
    #expect(bytes.firstSpecialID == 258 && bytes.firstByteID == 0)
    #expect(bytes.merges.map(\.result) == [256, 257])
    #expect(bytes.vocabularySize == 260)
  }

  @Test func `no merge makes the spelling of a special token`() throws {
    var options = BPETrainerOptions(vocabularySize: 262)
    options.specialTokens = ["es"]
    let trained = try BPETrainer.train(on: Self.lower, options)
    #expect(!Self.spellings(trained).contains("es"))
    #expect(trained.merges.count == 5)
  }

  @Test func `stops where no pair is frequent enough`() throws {
    var options = BPETrainerOptions(vocabularySize: 1_000)
    options.minimumFrequency = 6
    let trained = try BPETrainer.train(on: Self.lower, options)
    #expect(trained.merges.allSatisfy { $0.count >= 6 })
    #expect(trained.vocabularySize == 256 + trained.merges.count)
  }

  @Test func `the length limit of Hugging Face is one less, and never below two`() {
    #expect(
      [0, 1, 2, 3, 5].map(BPETrainerOptions.maximumTokenLength(huggingFace:)) == [2, 2, 2, 2, 4])
  }

  @Test func `counts do not wrap at 32 bits`() throws {
    let counts = PreTokenCounts([(Array("ab".utf8), 1 << 40), (Array("ba".utf8), 1 << 33)])
    let trained = try BPETrainer.train(on: counts, BPETrainerOptions(vocabularySize: 300))
    #expect(trained.merges.map(\.count) == [1 << 40, 1 << 33])
  }

  @Test func `refuses what contradicts itself`() {
    func failure(_ change: (inout BPETrainerOptions) -> Void) -> TrainingError? {
      var options = BPETrainerOptions(vocabularySize: 300)
      change(&options)
      return #expect(throws: TrainingError.self) {
        try BPETrainer.train(on: Self.lower, options)
      }
    }
    #expect(failure { $0.vocabularySize = 255 } == .vocabularyTooSmall(size: 255, minimum: 256))
    #expect(failure { $0.maximumTokenLength = 1 } == .maximumTokenLengthTooSmall(1))
    #expect(failure { $0.specialTokens = [""] } == .invalidSpecialToken(""))
    #expect(failure { $0.specialTokens = ["<s>", "<s>"] } == .invalidSpecialToken("<s>"))
    #expect(failure { $0.specialTokens = ["Ġ"] } == .specialTokenIsByte("Ġ", byte: 32))
    #expect(throws: TrainingError.emptyCorpus) {
      try BPETrainer.train(on: PreTokenCounts(), BPETrainerOptions(vocabularySize: 300))
    }
  }
}
