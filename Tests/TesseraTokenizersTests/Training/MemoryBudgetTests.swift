import Synchronization
import TesseraBasics
import TesseraCorpora
import TesseraTestSupport
import Testing

@testable import TesseraTokenizers

/// Counting and training under a bound: the same results, or a refusal.
@Suite struct MemoryBudgetTests {
  /// Many distinct pre-tokens.
  private static func text(_ seed: UInt64, wordCount: Int) -> String {
    var random = SplitMix64(seed: seed)
    let letters = Array("abcdefgh漢字éΩ")
    return (0..<wordCount).map { _ in
      String((0..<1 + random.below(9)).map { _ in letters[random.below(letters.count)] })
    }.joined(separator: " ")
  }

  private static func list(_ counted: some PreTokenSource) throws -> [[UInt8]: UInt64] {
    var counts: [[UInt8]: UInt64] = [:]
    try counted.forEach { bytes, count in
      var key: [UInt8] = []
      for index in bytes.indices { key.append(bytes[index]) }
      counts[key, default: 0] += count
    }
    return counts
  }

  @Test func `counts in files are the counts in memory, for any threads, chunks and tables`() throws
  {
    let folder = try TemporaryDirectory()
    let corpus = try Corpus(
      paths: (0..<3).map { try folder.write("\($0).txt", Self.text($0, wordCount: 8_000)) })
    let expected = try Self.list(
      countPreTokens(in: corpus, CountingOptions(), CountingLimits()))
    // More than what is counted beside the tables.
    #expect(expected.count > RecentPreTokens.count * 3 / 2)
    for (threads, chunkSize, tableSize) in [(1, 400, 0), (3, 1_000, 200_000), (2, 64, 150_000)] {
      Workers.setThreadCount(threads)
      var limits = CountingLimits()
      limits.memory = MemoryBudget(size: 1 << 30, folder: folder.path)
      limits.chunkSize = chunkSize
      limits.tableSize = tableSize
      let counted = try countPreTokens(in: corpus, CountingOptions(), limits)
      #expect(try Self.list(counted) == expected)
      #expect(try directoryEntries(folder.path).contains { $0.hasPrefix("counts-") })
      let totals = try counted.totals()
      #expect(totals.distinctCount == expected.count)
      counted.release(totals)
      #expect(try directoryEntries(folder.path).allSatisfy { $0.hasSuffix(".txt") })
    }
  }

  @Test func `learns the same merges under a bound`() throws {
    let folder = try TemporaryDirectory()
    let corpus = try Corpus(paths: [folder.write("a.txt", Self.text(7, wordCount: 5_000))])
    var options = BPETrainerOptions(vocabularySize: 900)
    let unbounded = try BPETrainer.train(
      on: countPreTokens(in: corpus, options.counting), options)
    let budget = MemoryBudget(size: MemoryBudget.minimumSize, folder: folder.path)
    for tie in TieOrder.allCases {
      options.tie = tie
      let bounded = try BPETrainer.train(
        on: countPreTokens(in: corpus, options.counting, memory: budget), options, memory: budget)
      #expect((bounded.merges == unbounded.merges) == (tie == .hf))
      #expect(bounded.merges.count == 644)
    }
  }

  @Test func `says what the least is, and works with it`() throws {
    let folder = try TemporaryDirectory()
    let least = MemoryBudget.minimumSize
    #expect(throws: TrainingError.memoryTooSmall(size: least - 1, minimum: least, for: .counting)) {
      try MemoryBudget(size: least - 1, folder: folder.path).check()
    }
    // A text of one pre-token, which has to be in memory whole.
    let corpus = try Corpus(
      paths: [folder.write("a.txt", String(repeating: "ab", count: 5 << 18))])
    var options = BPETrainerOptions(vocabularySize: 258)
    options.pattern = .none
    func train(_ size: Int) throws -> [UInt64] {
      let budget = MemoryBudget(size: size, folder: folder.path)
      return try BPETrainer.train(
        on: countPreTokens(in: corpus, options.counting, memory: budget), options, memory: budget
      ).merges.map(\.count)
    }
    var size = least
    var steps = 0
    while true {
      do {
        #expect(try train(size) == [5 << 18, (5 << 18) - 1])
        break
      } catch TrainingError.memoryTooSmall(size, let minimum, _) {
        #expect(minimum > size)
        size = minimum
        steps += 1
      }
    }
    // What counting needs, and then at once what merging does.
    #expect(steps <= 2)
  }

  @Test func `counting for a training ends when merging is known not to fit`() throws {
    let folder = try TemporaryDirectory()
    // Each pre-token is another one of 64 letters and a space.
    let words = (0..<150_000).map { number in
      let digits = "\(number)".utf8.map { $0 - UInt8(ascii: "0") + UInt8(ascii: "a") }
      return String(decoding: digits, as: UTF8.self)
        + String(repeating: "x", count: 64 - digits.count)
    }
    let corpus = try Corpus(paths: [folder.write("a.txt", words.joined(separator: " "))])
    var limits = CountingLimits()
    limits.memory = MemoryBudget(size: MemoryBudget.minimumSize, folder: folder.path)
    limits.chunkSize = 1 << 16
    limits.tableSize = 10 << 20
    var options = CountingOptions()
    options.pattern = .gpt2
    #expect(try countPreTokens(in: corpus, options, limits).totals().distinctCount >= words.count)
    limits.precedesMerging = true
    let state = TrainingState(folder: folder.file("state"))
    try createDirectory(state.folder)
    for state in [nil, state] {
      let completed = Atomic(0)
      let error = #expect(throws: TrainingError.self) {
        try countPreTokens(in: corpus, options, limits, state: state) {
          completed.store($0.completed, ordering: .relaxed)
        }
      }
      guard case .memoryTooSmall(MemoryBudget.minimumSize, let minimum, for: .mergingSoFar) = error
      else {
        Issue.record("\(String(describing: error))")
        return
      }
      // Long before the end of the corpus.
      #expect(completed.load(ordering: .relaxed) < 9_000_000)
      // The half of the pre-tokens, at two bytes a byte.
      #expect((52 << 20..<70 << 20).contains(minimum), "\(minimum)")
      let sentence = "\(error!)"
      #expect(sentence.contains("52M is too small, "))
      #expect(sentence.hasSuffix("merging works with for what has been counted so far"))
    }
    // What was counted is there for a larger budget.
    limits.memory?.size = 1 << 30
    let counted = try countPreTokens(in: corpus, options, limits, state: state)
    #expect(try counted.totals().distinctCount >= words.count)
  }

  @Test(arguments: [0, 1, 40])
  func `the least for merging counts the longest list, after other merges too`(first: Int) throws {
    let folder = try TemporaryDirectory()
    let options = BPETrainerOptions(vocabularySize: 300)
    let counts = PreTokenCounts([
      (Array(repeatElement(Array("ab".utf8), count: 300_000).joined()), 3), (Array("abc".utf8), 9),
    ])
    let expected = try BPETrainer.train(on: counts, options)
    let base = expected.prefix(vocabularySize: 256 + first)
    func train(_ size: Int) throws -> TrainedBPE {
      var limits = MergingLimits()
      limits.memory = MemoryBudget(size: size, folder: folder.path)
      return try BPETrainer.train(on: counts, options, limits, after: first == 0 ? nil : base)
    }
    let error = #expect(throws: TrainingError.self) { try train(MemoryBudget.minimumSize) }
    guard case .memoryTooSmall(_, let minimum, for: .merging) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    // 300,000 positions of 32 bytes, and 600,000 slots.
    #expect(minimum > MemoryBudget.minimumSize)
    #expect(try train(minimum).merges == expected.merges)
    #expect(throws: TrainingError.self) { try train(minimum - (1 << 20)) }
  }
}
