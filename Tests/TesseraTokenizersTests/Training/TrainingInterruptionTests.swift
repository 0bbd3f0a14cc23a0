import TesseraBasics
import TesseraCorpora
import TesseraTestSupport
import Testing

@testable import TesseraTokenizers

/// A signal while a corpus is counted, files of counts are added up, or merges are made.
@Suite struct TrainingInterruptionTests {
  private static let text = (0..<4_000).map { "\($0 % 700)x" }.joined(separator: " ")

  @Test func `an interruption while counting keeps what was counted`() async throws {
    let folder = try TemporaryDirectory()
    let path = folder.path
    _ = try folder.write("corpus.txt", Self.text)
    try createDirectory(folder.file("state"))
    await #expect(processExitsWith: .success) { [path = path as String] in
      Workers.setThreadCount(2)
      var limits = CountingLimits()
      limits.chunkSize = 1 << 10
      Interruption.install()
      let state = TrainingState(folder: Path.join(path, "state"))
      let corpus = try Corpus(paths: [Path.join(path, "corpus.txt")])
      #expect(throws: TrainingError.interrupted) {
        try countPreTokens(in: corpus, CountingOptions(), limits, state: state) { _ in
          if !Interruption.isRequested { interrupt() }
        }
      }
      #expect(try directoryEntries(state.folder).sorted() == ["counting.json", "counts-0"])
    }
    // The first batch, which was counted before the signal came, is in the file.
    let state = TrainingState(folder: folder.file("state"))
    let record = try #require(CountingRecord(state))
    #expect(record.position.documentOffset > 1_000)
    let corpus = try Corpus(paths: [folder.file("corpus.txt")])
    let kept = try CountFileReader(path: folder.file("state/counts-0"))
    var keptSize = 0
    while try kept.advance() { keptSize += kept.bytes.count * Int(kept.count) }
    #expect(keptSize == record.position.documentOffset)
    let resumed = try countPreTokens(in: corpus, CountingOptions(), state: state)
    let whole = try countPreTokens(in: corpus, CountingOptions())
    #expect(try resumed.totals() == whole.totals())
    #expect(resumed.corpora == whole.corpora)
  }

  @Test func `an interruption while merging stops at once, and keeps the merges`() async throws {
    let folder = try TemporaryDirectory()
    let path = folder.path
    await #expect(processExitsWith: .success) { [path = path as String] in
      let corpus = try Corpus(
        paths: [Path.join(path, "corpus.txt")].map {
          try writeFile($0, Array(TrainingInterruptionTests.text.utf8))
          return $0
        })
      let counted = try countPreTokens(in: corpus, CountingOptions(), CountingLimits())
      Interruption.install()
      #expect(throws: TrainingError.interrupted) {
        try BPETrainer.train(
          on: counted, BPETrainerOptions(vocabularySize: 300), state: TrainingState(folder: path)
        ) { _ in
          if !Interruption.isRequested { interrupt() }
        }
      }
    }
    // The first scan reports, and the merge after it is the last one.
    let state = TrainingState(folder: path)
    #expect(try readFile(state.mergesPath, limit: 1 << 20).count == 8 + 24)
    let corpus = try Corpus(paths: [folder.file("corpus.txt")])
    func train(_ state: TrainingState?) throws -> TrainedBPE {
      try BPETrainer.train(
        on: countPreTokens(in: corpus, CountingOptions(), CountingLimits()),
        BPETrainerOptions(vocabularySize: 300), state: state)
    }
    #expect(try train(state) == train(nil))
  }

  @Test func `an interruption while files are added up or written leaves nothing`() async throws {
    let folder = try TemporaryDirectory()
    let path = folder.path
    try createDirectory(folder.file("parts"))
    await #expect(processExitsWith: .success) { [path = path as String] in
      let corpus = try Corpus(
        paths: [Path.join(path, "corpus.txt")].map {
          try writeFile($0, Array(TrainingInterruptionTests.text.utf8))
          return $0
        })
      let parts = try (0..<70).map { number in
        let part = Path.join(path, "parts/\(number)")
        try countPreTokens(in: corpus, CountingOptions(), CountingLimits())
          .write(to: part, overwrite: false)
        return part
      }
      let counted = try countPreTokens(in: corpus, CountingOptions(), CountingLimits())
      let few = try CountedPreTokens(files: Array(parts.prefix(3)))
      let many = try CountedPreTokens(files: parts)
      Interruption.install()
      interrupt()
      for counts in [counted, few, many] {
        #expect(throws: CountFileError.interrupted) {
          try counts.write(to: Path.join(path, "sum"), overwrite: false)
        }
      }
      #expect(throws: CountFileError.interrupted) { try CountedPreTokens(files: parts) }
      #expect(throws: TrainingError.interrupted) {
        try BPETrainer.train(on: few, BPETrainerOptions(vocabularySize: 300))
      }
      #expect(try directoryEntries(path).sorted() == ["corpus.txt", "parts"])
      #expect(try directoryEntries(Path.join(path, "parts")).count == 70)
    }
  }
}
