import Synchronization
import TesseraBasics
import TesseraCorpora
import TesseraTestSupport
import Testing

@testable import TesseraTokenizers

/// Runs that were killed, and go on to the same result.
@Suite struct TrainingStateTests {
  private static func words(_ seed: UInt64, _ count: Int) -> String {
    var random = SplitMix64(seed: seed)
    return (0..<count).map { _ in
      String((0..<1 + random.below(6)).map { _ in Array("abcdeé漢")[random.below(7)] })
    }.joined(separator: " ")
  }

  private static func list(_ counted: CountedPreTokens) throws -> [[UInt8]: UInt64] {
    var counts: [[UInt8]: UInt64] = [:]
    try counted.forEach { bytes, count in
      var key: [UInt8] = []
      for index in bytes.indices { key.append(bytes[index]) }
      counts[key] = count
    }
    return counts
  }

  /// Copies the files of a state, as they would be if the run were killed now.
  private static func copyFiles(of folder: String, to copy: String) {
    _ = try? createDirectory(copy)
    for name in (try? directoryEntries(folder)) ?? [] {
      if let bytes = try? readFile(Path.join(folder, name), limit: 1 << 24) {
        try? writeFile(Path.join(copy, name), bytes)
      }
    }
  }

  @Test func `counting goes on from wherever it was killed`() throws {
    let folder = try TemporaryDirectory()
    Workers.setThreadCount(2)
    let corpus = try Corpus(
      paths: (0..<3).map { try folder.write("\($0).txt", Self.words($0, 700)) })
    let expected = try countPreTokens(in: corpus, CountingOptions())
    var limits = CountingLimits()
    limits.chunkSize = 256
    // Whenever a batch has been counted, and the copies are what a killed run would leave.
    var state = TrainingState(folder: folder.file("state"))
    state.interval = 0
    try createDirectory(state.folder)
    let copyCount = Mutex(0)
    let (path, root) = (state.folder, folder.path)
    let counted = try countPreTokens(in: corpus, CountingOptions(), limits, state: state) { _ in
      copyCount.withLock { count in
        Self.copyFiles(of: path, to: Path.join(root, "copy-\(count)"))
        count += 1
      }
    }
    let expectedCounts = try Self.list(expected)
    #expect(try Self.list(counted) == expectedCounts)
    #expect(counted.corpora == expected.corpora)
    #expect(try Set(directoryEntries(state.folder)) == ["counts", "corpus-size"])
    let copies = copyCount.withLock { $0 }
    #expect(copies >= 8)
    let otherText = String(repeating: "x", count: try #require(corpus.byteCount))
    let otherCorpus = try Corpus(paths: [folder.write("other.txt", otherText)])

    for copy in 0..<copies {
      var killed = TrainingState(folder: folder.file("copy-\(copy)"))
      killed.interval = copy % 2 == 0 ? 0 : 1_000
      #expect(CountingRecord(killed) != nil)
      // A file that was not finished is in nobody's way.
      try writeFile(Path.join(killed.folder, "counts-9999"), [1, 2, 3])
      // Other threads and other chunks than those of the run that was killed.
      Workers.setThreadCount(1 + copy % 3)
      var limits = CountingLimits()
      limits.chunkSize = [64, 256, 1 << 20][copy % 3]
      let resumed = try countPreTokens(in: corpus, CountingOptions(), limits, state: killed)
      #expect(try Self.list(resumed) == expectedCounts, "copy \(copy)")
      #expect(resumed.corpora == expected.corpora)
      #expect(try Set(directoryEntries(killed.folder)) == ["counts", "corpus-size"])
      // Once all is counted, the corpus is not read again.
      let again = try countPreTokens(in: otherCorpus, CountingOptions(), state: killed)
      #expect(try Self.list(again) == expectedCounts)
    }
  }

  @Test func `another corpus or other options do not go on`() throws {
    let folder = try TemporaryDirectory()
    let path = try folder.write("a.txt", Self.words(1, 2_000))
    var limits = CountingLimits()
    limits.chunkSize = 256
    var state = TrainingState(folder: folder.file("state"))
    state.interval = 0
    try createDirectory(state.folder)
    let (source, copy) = (state.folder, folder.file("copy"))
    let isFirst = Atomic(true)
    _ = try countPreTokens(in: Corpus(paths: [path]), CountingOptions(), limits, state: state) {
      _ in
      if isFirst.exchange(false, ordering: .relaxed) { Self.copyFiles(of: source, to: copy) }
    }
    try folder.write("a.txt", "x" + Self.words(1, 2_000))
    let error = #expect(throws: TrainingError.corpusChanged(path: path)) {
      try countPreTokens(
        in: Corpus(paths: [path]), CountingOptions(), state: TrainingState(folder: copy))
    }
    #expect("\(error, default: "")".contains("changed, in \(path) or before it"))
    // The same after all of it was counted.
    #expect(throws: TrainingError.corpusChanged(path: nil)) {
      try countPreTokens(in: Corpus(paths: [path]), CountingOptions(), state: state)
    }
    // One that ends too early.
    try folder.write("a.txt", "")
    #expect(throws: TrainingError.corpusChanged(path: nil)) {
      try countPreTokens(
        in: Corpus(paths: [path]), CountingOptions(), state: TrainingState(folder: copy))
    }
    try folder.write("a.txt", Self.words(1, 2_000))
    #expect(throws: CountFileError.self) {
      try countPreTokens(
        in: Corpus(paths: [path]), CountingOptions(pattern: .gpt2), state: state)
    }
  }

  @Test func `a record whose files no counting makes is none`() throws {
    let folder = try TemporaryDirectory()
    let state = TrainingState(folder: folder.path)
    let position = CountingPosition(documentCount: 1, documentOffset: 2, sha256: "00")
    for names in [
      ["counts-\(Int.max)"], ["counts-\(UInt64.max)"], ["counts-99999999999999999999999999"],
      ["counts--1"], ["counts-+1"], ["counts-007"], ["counts-"], ["counts-1", "counts-1"],
      ["../counts-1"], ["counts-1/../../x"], ["merges"],
    ] {
      try CountingRecord(position, names: names).write(to: state)
      #expect(CountingRecord(state) == nil, "\(names)")
    }
    let sound = CountingRecord(position, names: ["counts-0", "counts-12"])
    try sound.write(to: state)
    #expect(CountingRecord(state) == sound)
  }

  @Test(arguments: TieOrder.allCases)
  func `merging goes on from wherever it was killed`(tie: TieOrder) throws {
    let folder = try TemporaryDirectory()
    let corpus = try Corpus(paths: [folder.write("a.txt", Self.words(5, 4_000))])
    var options = BPETrainerOptions(vocabularySize: 600)
    options.tie = tie
    options.specialTokens = ["<s>", "ab"]
    func train(_ state: TrainingState?) throws -> TrainedBPE {
      try BPETrainer.train(
        on: countPreTokens(in: corpus, options.counting), options, state: state)
    }
    let expected = try train(nil)
    let state = TrainingState(folder: folder.path)
    #expect(try train(state) == expected)
    let log = try readFile(state.mergesPath, limit: 1 << 20)
    #expect(log.count == 8 + 24 * expected.merges.count)
    for size in [0, 5, 8, 9, 31, 32, 33, 8 + 24 * 100, 8 + 24 * 200 + 17, log.count] {
      try writeFile(state.mergesPath, Array(log.prefix(size)))
      #expect(try train(state) == expected, "\(size) bytes of the log")
      #expect(try readFile(state.mergesPath, limit: 1 << 20) == log)
    }
    // From a damaged record on, merges are made anew.
    for offset in [3, 8, 8 + 24 * 50 + 12, 8 + 24 * 51 + 20] {
      var damaged = log
      damaged[offset] ^= 0x10
      try writeFile(state.mergesPath, damaged)
      #expect(try train(state) == expected, "byte \(offset) of the log")
    }
    // Sound records of merges that no training makes: a token twice, and tokens without bound.
    for (repeated, error) in [(true, TrainingError.unusableMerges), (false, nil)] {
      try writeFile(state.mergesPath, [])
      var vocabulary = GrowingVocabulary(options)
      var strange = try MergeLog(state, &vocabulary)
      for index in 0..<UInt32(40) {
        let symbol = repeated || index == 0 ? 0 : 255 + index
        strange.append(left: symbol, right: symbol, count: 1)
      }
      try strange.flush()
      let counts = try countPreTokens(in: corpus, options.counting)
      let outcome = Result {
        try BPETrainer.train(on: counts, options, MergingLimits(), state: state)
      }
      if let error {
        #expect(throws: error) { try outcome.get() }
      } else {
        #expect(try outcome.get().merges.count <= options.mergeCount)
      }
    }
    // Another corpus and other options do not go on from these merges.
    let other = try Corpus(paths: [folder.write("b.txt", Self.words(6, 4_000))])
    for (corpus, minimumFrequency) in [(other, 0), (corpus, 5)] {
      try writeFile(state.mergesPath, log)
      options.minimumFrequency = minimumFrequency
      let fresh = try BPETrainer.train(
        on: countPreTokens(in: corpus, options.counting), options)
      #expect(fresh != expected)
      #expect(
        try BPETrainer.train(
          on: countPreTokens(in: corpus, options.counting), options, state: state) == fresh)
    }
  }
}
