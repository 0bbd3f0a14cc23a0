import TesseraBasics
import TesseraCorpora
import TesseraTestSupport
import Testing

@testable import TesseraTokenizers

/// Files of counts: what is written is read, sums are sums, and damage is found.
@Suite struct CountFileTests {
  private typealias Counts = [[UInt8]: UInt64]

  private static func random(_ seed: UInt64) -> Counts {
    var random = SplitMix64(seed: seed)
    var counts: Counts = [:]
    for _ in 0..<random.below(300) {
      // Few letters and all lengths around the limit of what is its own key.
      let bytes = (0..<1 + random.below(20)).map { _ in
        [0, 1, 0x61, 0xFF][random.below(4)] as UInt8
      }
      counts[bytes] = 1 + UInt64(random.below(3)) << UInt64(random.below(50))
    }
    return counts
  }

  private static func counted(
    _ counts: Counts, _ options: CountingOptions = CountingOptions(),
    _ corpora: [CorpusSummary] = []
  ) -> CountedPreTokens {
    var table = PreTokenTable()
    for (bytes, count) in counts { table.add(bytes.span, 0..<bytes.count, count: count) }
    return CountedPreTokens(table, options, corpora)
  }

  private static func list(_ counted: CountedPreTokens) throws -> Counts {
    var counts: Counts = [:]
    try counted.forEach { bytes, count in
      var key: [UInt8] = []
      for index in bytes.indices { key.append(bytes[index]) }
      #expect(counts[key] == nil)
      counts[key] = count
    }
    return counts
  }

  private static func summary(_ number: Int) -> CorpusSummary {
    CorpusSummary(
      documentCount: number, textSize: 10 * number, sha256: SHA256.hexDigest(of: [UInt8(number)]))
  }

  @Test func `what is written is read again, in order`() throws {
    let folder = try TemporaryDirectory()
    for seed in 0..<20 as Range<UInt64> {
      let counts = Self.random(seed)
      let path = folder.file("\(seed)")
      let options = CountingOptions(
        pattern: .gpt2, normalization: .nfkc, specialTokens: ["<s>", "\u{E9}"])
      try Self.counted(counts, options, [Self.summary(1)]).write(to: path, overwrite: false)
      let reader = try CountFileReader(path: path)
      #expect(reader.header.options == options)
      #expect(reader.header.corpora == [Self.summary(1)])
      for bytes in counts.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
        #expect(try reader.advance(), "seed \(seed)")
        #expect(reader.bytes == bytes)
        #expect(reader.count == counts[bytes])
      }
      #expect(try !reader.advance())
      let read = try CountedPreTokens(files: [path])
      #expect(try Self.list(read) == counts)
      #expect(try read.totals().distinctCount == counts.count)
      #expect(try read.totals().occurrenceCount == counts.values.reduce(0, +))
    }
  }

  @Test func `has the bytes that the format says`() throws {
    let folder = try TemporaryDirectory()
    let path = folder.file("counts")
    try Self.counted([[97]: 1, [97, 98]: 300, [98]: 2]).write(to: path, overwrite: false)
    let bytes = try readFile(path, limit: 1 << 20)
    let header = CountFileHeader(options: CountingOptions(), corpora: []).json
      .serialized(pretty: false)
    let entries: [UInt8] = [0, 1, 97, 1, 1, 1, 98, 0xAC, 2, 0, 1, 98, 2]
    let sums =
      [3, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0x2F, 1, 0, 0, 0, 0, 0, 0] as [UInt8]
    let content = Array("TSRCOUNT".utf8) + [UInt8(header.count), 0, 0, 0] + header + entries + sums
    #expect(bytes.dropLast(32) == content[...])
    #expect(SHA256.hexadecimal(Array(bytes.suffix(32))) == SHA256.hexDigest(of: content))
  }

  @Test func `sums do not depend on the order or on what was added up before`() throws {
    let folder = try TemporaryDirectory()
    for seed in 0..<10 as Range<UInt64> {
      var paths: [String] = []
      var sum: Counts = [:]
      for part in 0..<4 {
        let counts = Self.random(seed * 4 + UInt64(part))
        sum.merge(counts, uniquingKeysWith: +)
        paths.append(folder.file("\(seed)-\(part)"))
        try Self.counted(counts, CountingOptions(), [Self.summary(part)])
          .write(to: paths[part], overwrite: false)
      }
      func merged(_ paths: [String], _ name: String) throws -> String {
        let path = folder.file("\(seed)-\(name)")
        try CountedPreTokens(files: paths).write(to: path, overwrite: false)
        return path
      }
      let all = try merged(paths, "all")
      #expect(try Self.list(CountedPreTokens(files: [all])) == sum)
      let backward = try merged(paths.reversed(), "backward")
      let pairs = try merged(
        [merged([paths[3], paths[1]], "odd"), merged([paths[0], paths[2]], "even")], "pairs")
      #expect(try readFile(all, limit: 1 << 20) == readFile(backward, limit: 1 << 20))
      #expect(try readFile(all, limit: 1 << 20) == readFile(pairs, limit: 1 << 20))
    }
  }

  @Test func `counts of another kind are refused, with what differs`() throws {
    let folder = try TemporaryDirectory()
    func write(_ name: String, _ options: CountingOptions) throws -> String {
      try Self.counted([[97]: 1], options).write(to: folder.file(name), overwrite: false)
      return folder.file(name)
    }
    let first = try write("first", CountingOptions())
    let others = [
      (try write("pattern", CountingOptions(pattern: .gpt2)), "pattern", "gpt2", "o200k"),
      (
        try write("normalizer", CountingOptions(normalization: .nfc)), "normalizer", "nfc", "none"
      ),
      (
        try write("special", CountingOptions(specialTokens: ["<s>"])), "special tokens",
        #"["<s>"]"#, "[]"
      ),
    ]
    for (path, what, found, expected) in others {
      let difference = CountFileError.Difference(what: what, found: found, expected: expected)
      #expect(throws: CountFileError.different(path: path, difference)) {
        try CountedPreTokens(files: [first, path])
      }
    }
  }

  /// The counts of a file, or the error that reading it ends with.
  private static func read(_ path: String) -> Result<Counts, CountFileError> {
    do throws(CountFileError) {
      let reader = try CountFileReader(path: path)
      var counts: Counts = [:]
      while try reader.advance() { counts[reader.bytes] = reader.count }
      return .success(counts)
    } catch {
      return .failure(error)
    }
  }

  @Test func `every damaged or cut file is found out`() throws {
    let folder = try TemporaryDirectory()
    try Self.counted([[97]: 1, [97, 98]: 300, Array(repeating: 99, count: 20): 1 << 40])
      .write(to: folder.file("sound"), overwrite: false)
    let sound = try readFile(folder.file("sound"), limit: 1 << 20)
    for index in sound.indices {
      for bit in 0..<8 as Range<UInt8> {
        var damaged = sound
        damaged[index] ^= 1 << bit
        let path = try folder.write("damaged", damaged)
        guard case .failure = Self.read(path) else {
          Issue.record("bit \(bit) of byte \(index)")
          continue
        }
      }
      let path = try folder.write("cut", Array(sound.prefix(index)))
      guard case .failure = Self.read(path) else {
        Issue.record("cut to \(index) bytes")
        continue
      }
    }
  }

  @Test func `says where a file is damaged`() throws {
    let folder = try TemporaryDirectory()
    try Self.counted([[97]: 1, [97, 98]: 300, [98]: 2]).write(
      to: folder.file("sound"), overwrite: false)
    let sound = try readFile(folder.file("sound"), limit: 1 << 20)
    let start = sound.count - 56 - 13
    func failure(_ change: (inout [UInt8]) -> Void) throws -> CountFileError? {
      var bytes = sound
      change(&bytes)
      guard case .failure(let error) = Self.read(try folder.write("damaged", bytes)) else {
        return nil
      }
      return error
    }
    let path = folder.file("damaged")
    func malformed(_ offset: Int, _ expected: String) -> CountFileError {
      .malformed(path: path, offset: offset, expected: expected)
    }
    #expect(try failure { $0[0] = 0 } == .notCounts(path: path))
    #expect(try failure { $0.removeSubrange(20...) } == .notCounts(path: path))
    #expect(
      try failure { $0[11] = 1 } == malformed(8, "the size of a header within the file"))
    #expect(
      try failure { $0[12] = 0 } == malformed(12, "a header of tessera-counts-1"))
    // Shared bytes that are not there, no new byte, one that does not ascend, a count of zero.
    #expect(try failure { $0[start] = 1 } == malformed(start, "an entry within the file"))
    #expect(try failure { $0[start + 1] = 0 } == malformed(start, "an entry within the file"))
    #expect(try failure { $0[start + 11] = 97 } == malformed(start + 9, "a greater pre-token"))
    #expect(try failure { $0[start + 12] = 0 } == malformed(start + 9, "a count of at least 1"))
    #expect(
      try failure { $0[start + 12] = 0x80 } == malformed(start + 13, "more of an entry"))
    #expect(
      try failure { $0[start + 12] = 3 } == malformed(start + 13, "the sums of the entries"))
    #expect(try failure { $0[sound.count - 1] ^= 1 } == .wrongChecksum(path: path))
  }

  @Test func `sums that are no numbers of 63 bits are refused`() throws {
    let folder = try TemporaryDirectory()
    let path = folder.file("large")
    try Self.counted([[97]: 1 << 62]).write(to: path, overwrite: false)
    let other = folder.file("other")
    try Self.counted([[98]: 1 << 62]).write(to: other, overwrite: false)
    for paths in [[path, path], [path, other]] {
      let error = #expect(throws: CountFileError.tooManyOccurrences(paths: paths)) {
        try CountedPreTokens(files: paths).totals()
      }
      #expect("\(error, default: "")".contains("counts in \(path) and 1 more"))
    }
    #expect(throws: CountFileError.tooManyOccurrences(paths: [])) {
      try Self.counted([[97, 98]: 1 << 62]).totals()
    }
  }
}
