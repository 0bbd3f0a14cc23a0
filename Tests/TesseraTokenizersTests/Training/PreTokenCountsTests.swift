import TesseraBasics
import TesseraCorpora
import TesseraTestSupport
import TesseraTokenizers
import Testing

@Suite struct PreTokenCountsTests {
  /// The pre-tokens with their counts, for comparison.
  static func list(_ counts: PreTokenCounts) -> [String: UInt64] {
    var list: [String: UInt64] = [:]
    for index in 0..<counts.count {
      list[counts[index].bytes.map { String($0, radix: 16) }.joined(separator: " ")] =
        counts[index].count
    }
    return list
  }

  /// The definition: one part after another, one pre-token after another.
  static func reference(
    _ documents: [[UInt8]], _ pattern: PreTokenizerPattern, _ normalization: Normalization,
    _ specialTokens: [String]
  ) -> PreTokenCounts {
    let preTokenizer = PreTokenizer(pattern: pattern)
    var found: [(bytes: [UInt8], count: UInt64)] = []
    for document in documents {
      for part in parts(of: document, between: specialTokens.map { Array($0.utf8) }) {
        for preToken in preTokenizer.preTokens(of: normalization.normalized(part)) {
          found.append((Array(preToken), 1))
        }
      }
    }
    return PreTokenCounts(found)
  }

  /// The parts of a text between special tokens, the longest at each place first.
  static func parts(of text: [UInt8], between tokens: [[UInt8]]) -> [[UInt8]] {
    var parts: [[UInt8]] = [[]]
    var rest = text[...]
    while let first = rest.first {
      let match = tokens.filter { rest.starts(with: $0) }.max { $0.count < $1.count }
      if let match {
        parts.append([])
        rest = rest.dropFirst(match.count)
      } else {
        parts[parts.count - 1].append(first)
        rest = rest.dropFirst()
      }
    }
    return parts
  }

  static let pieces: [[UInt8]] =
    [
      "a", "word", " word", " the", "The", "'s", "'ll", "'", "\n", "\r\n", "  ", "\t", " ", " ",
      ".",
      "!?", "1", "123456", "é", "e\u{301}", "\u{928}\u{93C}", "\u{958}", "\u{958}।", "字", "漢字。",
      "ก็", "ｶﾞ", "①", "™", "x™", "\u{FC5E}", "\u{1100}\u{1161}", "<s>", "<s", "<sep>", "s>",
      "\u{200D}",
      "\u{1F44D}\u{1F3FD}", "ſ", "/", "//\n", "\u{3000}", "a\u{300}\u{323}", "Å", "한국어 ",
    ].map { Array($0.utf8) } + [[0xFF], [0xE3, 0x81], [0xC3]]

  static func randomDocument(_ random: inout SplitMix64, pieceCount: Int) -> [UInt8] {
    var document: [UInt8] = []
    for _ in 0..<pieceCount { document += pieces[random.below(pieces.count)] }
    return document
  }

  @Test(arguments: PreTokenizerPattern.named)
  func `counts what the definition counts, however documents are cut`(
    pattern: PreTokenizerPattern
  ) throws {
    let directory = try TemporaryDirectory()
    let specialTokens = ["<s>", "<sep>", "d w"]
    for (number, normalization) in Normalization.allCases.enumerated() {
      var random = SplitMix64(seed: UInt64(number))
      let documents = (0..<3).map { _ in Self.randomDocument(&random, pieceCount: 400) }
      var paths: [String] = []
      for (index, document) in documents.enumerated() {
        paths.append(try directory.write("\(number)-\(index).txt", document))
      }
      let corpus = try Corpus(paths: paths)
      let expected = Self.reference(documents, pattern, normalization, specialTokens)
      for chunkSize in [16, 23, 64, 1 << 20] {
        let counts = try countPreTokens(
          in: corpus, pattern: pattern, normalization: normalization,
          specialTokens: specialTokens, chunkSize: chunkSize)
        #expect(Self.list(counts) == Self.list(expected), "\(normalization), \(chunkSize)")
        #expect(counts.source?.documentCount == 3)
        #expect(counts.source?.textSize == documents.reduce(0) { $0 + $1.count })
      }
    }
  }

  @Test(arguments: [Normalization.none, .nfc, .nfkc])
  func `finds splits in texts without spaces and without ASCII`(normalization: Normalization) {
    let splitting = TextSplitting(
      pattern: .o200k, normalization: normalization, specialTokens: [])
    for text in ["漢字を書く、字を読む。", "水は、高い所から流れる。", "강물이·오래된·", "सत्य।"] {
      let bytes = Array(String(repeating: text, count: 20).utf8)
      #expect(splitting.safeSplit(of: bytes.span, after: 0) != nil, "\(text)")
    }
  }

  @Test func `is sorted by count, then by bytes, and adds up what is given twice`() {
    let long = Array("a pre-token of more than fifteen bytes".utf8)
    let longer = long + [0]
    let given: [(bytes: [UInt8], count: UInt64)] = [
      ([2], 1), ([1], 1), (long, 3), ([], 9), ([7], 0), (longer, 2), (long, 4), ([1, 0], 1),
      (Array(repeating: 1, count: 15), 5), (Array(repeating: 1, count: 16), 5),
    ]
    let counts = PreTokenCounts(given)
    let expected: [(bytes: [UInt8], count: UInt64)] = [
      (long, 7), (Array(repeating: 1, count: 15), 5), (Array(repeating: 1, count: 16), 5),
      (longer, 2), ([1], 1), ([1, 0], 1), ([2], 1),
    ]
    #expect((0..<counts.count).map { Array(counts[$0].bytes) } == expected.map { $0.bytes })
    #expect((0..<counts.count).map { counts[$0].count } == expected.map { $0.count })
    #expect(counts.occurrenceCount == 22)
    #expect(counts.textSize == expected.reduce(0) { $0 + $1.bytes.count })
  }

  @Test func `keeps every one of many strings of all lengths apart`() {
    var random = SplitMix64(seed: 3)
    var expected: [[UInt8]: UInt64] = [:]
    for length in 1...40 {
      for _ in 0..<200 {
        let bytes = (0..<length).map { _ in UInt8(random.below(3)) }
        expected[bytes, default: 0] += UInt64(1 + random.below(3))
      }
    }
    let counts = PreTokenCounts(expected.map { (bytes: $0.key, count: $0.value) })
    #expect(counts.count == expected.count)
    for index in 0..<counts.count {
      #expect(expected[Array(counts[index].bytes)] == counts[index].count)
    }
  }

  @Test func `the hash of a corpus tells where documents end, not how they are stored`() throws {
    let directory = try TemporaryDirectory()
    func hash(_ texts: [String]) throws -> String? {
      var paths: [String] = []
      for (index, text) in texts.enumerated() {
        paths.append(try directory.write("\(texts.count)-\(index).txt", text))
      }
      return try countPreTokens(in: Corpus(paths: paths), pattern: .gpt2).source?.sha256
    }
    let one = try hash(["one two"])
    #expect(try hash(["one two"]) == one)
    #expect(try hash(["one", " two"]) != one)
  }
}
