import Foundation  // FileHandle, to make a large file without content
import TesseraBasics
import TesseraTestSupport
import Testing

@testable import TesseraTokenizers

/// What a file of counts may hold, how many may be added up, and that they stay the same ones.
@Suite struct CountFileLimitTests {
  private static func counted(_ preTokens: [([UInt8], UInt64)]) -> CountedPreTokens {
    var table = PreTokenTable()
    for (bytes, count) in preTokens { table.add(bytes.span, 0..<bytes.count, count: count) }
    return CountedPreTokens(table, CountingOptions(), [])
  }

  private static func readAll(_ path: String) throws {
    let reader = try CountFileReader(path: path)
    while try reader.advance() {}
  }

  /// A file of entries that are given as bytes, with sums that are given as well.
  private static func file(
    _ folder: borrowing TemporaryDirectory, _ entries: [UInt8], textSize: UInt64
  ) throws -> (path: String, start: Int) {
    let header = CountFileHeader(options: CountingOptions(), corpora: []).json
      .serialized(pretty: false)
    var bytes = CountFile.magic
    bytes.append(littleEndian: UInt32(header.count))
    bytes += header
    let start = bytes.count
    bytes += entries
    for number in [1, textSize, 1] as [UInt64] { bytes.append(littleEndian: number) }
    let hex = SHA256.hexDigest(of: bytes)
    let digest = stride(from: 0, to: 64, by: 2).map { index in
      UInt8(hex.dropFirst(index).prefix(2), radix: 16) ?? 0
    }
    return (try folder.write("crafted", bytes + digest), start)
  }

  @Test func `a few bytes that stand for much text are refused by what the file says`() throws {
    let folder = try TemporaryDirectory()
    // A pre-token of 1,000 bytes, and then two that share 999 of them.
    var entries = [0, 0xE8, 7] + [UInt8](repeating: 97, count: 1_000) + [1]
    let second = entries.count
    entries += [0xE7, 7, 1, 98, 1, 0xE7, 7, 1, 99, 1]
    let (path, start) = try Self.file(folder, entries, textSize: 1_999)
    #expect(
      throws: CountFileError.malformed(
        path: path, offset: start + second,
        expected: "no more than 1999 bytes of pre-tokens, as the end says")
    ) { try Self.readAll(path) }
    let (large, _) = try Self.file(folder, entries, textSize: 1 << 40)
    #expect(
      throws: CountFileError.tooMuchText(
        path: large, size: 1 << 40, maximum: ArenaLayout.slotLimit)
    ) { try Self.readAll(large) }
  }

  @Test func `a file that was cut off is refused at its end`() throws {
    let folder = try TemporaryDirectory()
    let preTokens = (0..<200).map { (Array("word \($0)".utf8), UInt64(1)) }
    let path = folder.file("whole")
    try Self.counted(preTokens).write(to: path, overwrite: false)
    let bytes = try readFile(path, limit: 1 << 20)
    for size in [bytes.count - 1, bytes.count - 8, bytes.count / 2] {
      let cut = try folder.write("cut", Array(bytes[..<size]))
      let error = #expect(throws: CountFileError.self) { try CountFileReader(path: cut) }
      #expect("\(error, default: "")".contains("it may have been cut off"), "\(size)")
    }
  }

  @Test func `a pre-token that is too long is refused before it is read`() throws {
    let folder = try TemporaryDirectory()
    // No byte is shared, 2^30 + 1 follow.
    let (path, start) = try Self.file(folder, [0, 0x81, 0x80, 0x80, 0x80, 4], textSize: 0)
    let handle = try #require(FileHandle(forWritingAtPath: path))
    try handle.truncate(atOffset: 3 << 29)
    try handle.close()
    #expect(
      throws: CountFileError.malformed(
        path: path, offset: start, expected: "a pre-token of at most 1073741824 bytes")
    ) { try Self.readAll(path) }
  }

  @Test(arguments: [65, 300])
  func `any number of files is added up, of a bounded number at a time`(count: Int) throws {
    let folder = try TemporaryDirectory()
    try createDirectory(folder.file("parts"))
    var random = SplitMix64(seed: UInt64(count))
    var paths: [String] = []
    var sums: [[UInt8]: UInt64] = [:]
    for number in 0..<count {
      let preTokens = (0..<5).map { _ in
        (Array("w\(random.below(400))".utf8), 1 + UInt64(random.below(9)))
      }
      for (bytes, count) in preTokens { sums[bytes, default: 0] += count }
      paths.append(folder.file("parts/\(number)"))
      try Self.counted(preTokens).write(to: paths[number], overwrite: false)
    }
    let merged = try CountedPreTokens(files: paths)
    var found: [[UInt8]: UInt64] = [:]
    try merged.forEach { bytes, count in
      #expect(found[bytes.indices.map { bytes[$0] }] == nil)
      found[bytes.indices.map { bytes[$0] }] = count
    }
    #expect(found == sums)
    // In one go, in whatever order, and out of sums.
    try merged.write(to: folder.file("sum"), overwrite: false)
    try CountedPreTokens(files: paths.reversed(), folder: folder.path)
      .write(to: folder.file("other"), overwrite: false)
    var table = PreTokenTable()
    for (bytes, count) in sums { table.add(bytes.span, 0..<bytes.count, count: count) }
    try CountedPreTokens(table, CountingOptions(), [])
      .write(to: folder.file("whole"), overwrite: false)
    #expect(try folder.read("sum") == folder.read("whole"))
    #expect(try folder.read("other") == folder.read("whole"))
    merged.release(CountTotals())
    #expect(try directoryEntries(folder.file("parts")).count == count)
    #expect(try directoryEntries(folder.path).sorted() == ["other", "parts", "sum", "whole"])
  }

  @Test func `files that were written because memory is short never become many`() throws {
    let folder = try TemporaryDirectory()
    let spilled = try SpilledCounts(in: folder.path, CountingOptions())
    for number in 0..<200 as Range<UInt64> {
      var table = PreTokenTable()
      for word in [number, number % 7] {
        let bytes = Array("w\(word)".utf8)
        table.add(bytes.span, 0..<bytes.count, count: 1)
      }
      try spilled.append(&table)
      #expect(spilled.files.count < CountMerger.width)
    }
    let counted = CountedPreTokens(spilled, CountingOptions(), [])
    let totals = try counted.totals()
    #expect(totals.distinctCount == 200 && totals.occurrenceCount == 400)
  }

  @Test func `a file that is replaced while it is used is found out`() throws {
    let folder = try TemporaryDirectory()
    let path = folder.file("a")
    try Self.counted([([97], 1)]).write(to: path, overwrite: false)
    let counted = try CountedPreTokens(files: [path])
    #expect(try counted.totals().occurrenceCount == 1)
    try Self.counted([([97], 2)]).write(to: path, overwrite: true)
    #expect(throws: CountFileError.replaced(path: path)) {
      try counted.write(to: folder.file("b"), overwrite: false)
    }
    #expect(throws: TrainingError.counts(.replaced(path: path))) {
      try BPETrainer.train(on: counted, BPETrainerOptions(vocabularySize: 257))
    }
    #expect(try folder.listing() == ["a"])
  }

  @Test func `sums of what files say of their corpora are numbers`() {
    let large = CorpusSummary(documentCount: .max, textSize: .max, sha256: "")
    #expect([large, large].documentCount == .max)
    #expect([large, large].textSize == .max)
    #expect([CorpusSummary]().textSize == 0)
  }
}
