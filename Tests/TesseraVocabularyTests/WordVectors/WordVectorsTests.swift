import TesseraBasics
import TesseraCorpora
import TesseraTestSupport
import Testing

@testable import TesseraVocabulary

@Suite struct WordVectorsTests {
  /// About 1e-40.
  private static let subnormal = Float(bitPattern: 71_362)
  static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  static func small() throws -> WordVectors {
    try WordVectors(
      words: ["नदी", "the", "cafe\u{301}", "café"].map(bytes),
      rows: [1, 2, 0.1, -0.25, 3e-7, 0, -1e20, subnormal], dimension: 2)
  }

  @Test func `words are bytes, and canonical equivalents two words`() throws {
    let vectors = try Self.small()
    #expect(vectors.count == 4)
    #expect(vectors.vector(of: Self.bytes("नदी")) == [1, 2])
    #expect(vectors.vector(of: Self.bytes("cafe\u{301}")) == [3e-7, 0])
    #expect(vectors.vector(of: Self.bytes("café")) == [-1e20, Self.subnormal])
    #expect(vectors.vector(of: Self.bytes("The")) == nil)
    #expect(vectors.vector(of: []) == nil)
    #expect((0..<4).map { vectors.frequency(at: $0) } == [4, 3, 2, 1])
  }

  @Test func `text is read as it was written`() throws {
    let folder = try TemporaryDirectory()
    let vectors = try Self.small()
    let path = folder.file("a.vec")
    try vectors.write(text: path, overwrite: false)
    let read = try WordVectors(text: path)
    #expect(read.rows == vectors.rows && read.count == 4)
    for index in 0..<4 { #expect(read.word(at: index) == vectors.word(at: index)) }
    #expect(throws: WordVectorError.file(.exists(path: path))) {
      try vectors.write(text: path, overwrite: false)
    }
  }

  @Test func `spaces at line ends, feeds of Windows, and second vectors of a word are put up with`()
    throws
  {
    let folder = try TemporaryDirectory()
    let path = try folder.write("a.vec", "3 2\r\na 1 2 \r\nb -1.5e3 .25\na 7 8")
    let vectors = try WordVectors(text: path)
    #expect(vectors.count == 2 && vectors.rows == [1, 2, -1_500, 0.25])
    let given = try WordVectors(
      words: ["a", "b", "a", "c"].map(Self.bytes), rows: [1, 2, 3, 4, 5, 6, 7, 8], dimension: 2,
      counts: [9, 8, 7, 6])
    #expect(given.count == 3 && given.rows == [1, 2, 3, 4, 7, 8] && given.counts == [9, 8, 6])
  }

  @Test(
    arguments: [
      ("", nil), ("x 2\na 1 2\n", nil), ("1\na 1\n", nil), ("1 0\na\n", nil), ("-1 2\n", nil),
      ("1 99999999999\na 1\n", nil), ("1 2\na 1\n", 2), ("1 2\na 1 2 3\n", 2), ("1 2\na 1 x\n", 2),
      ("2 2\na 1 2\nb 1 nan\n", 3), ("1 2\na 1 1e39\n", 2), ("1 2\n 1 2\n", 2),
      ("1 2\na  1 2\n", 2),
      ("1 2\na 1 0x10\n", 2), ("1 2\n\n", 2),
    ] as [(String, Int?)])
  func `malformed text is refused with its line`(text: String, line: Int?) throws {
    let folder = try TemporaryDirectory()
    let path = try folder.write("a.vec", text)
    let expected =
      line.map { WordVectorError.malformedLine(path: path, line: $0, dimension: 2) }
      ?? .malformedHeader(path: path)
    #expect(throws: expected) { _ = try WordVectors(text: path) }
  }

  @Test func `a wrong number of words is refused`() throws {
    let folder = try TemporaryDirectory()
    let path = try folder.write("a.vec", "2 1\na 1\n")
    #expect(throws: WordVectorError.wrongWordCount(path: path, expected: 2, found: 1)) {
      _ = try WordVectors(text: path)
    }
    let more = try folder.write("b.vec", "1 1\na 1\nb 2\n")
    #expect(throws: WordVectorError.wrongWordCount(path: more, expected: 1, found: 2)) {
      _ = try WordVectors(text: more)
    }
    let long = try folder.write("c.vec", "1 1\n" + String(repeating: "a", count: 1 << 17))
    let tooLong = WordVectorError.lineTooLong(path: long, line: 2, limit: 1 << 16 + 64)
    #expect(throws: tooLong) { _ = try WordVectors(text: long) }
    // A dictionary's lines have no numbers.
    #expect(!"\(tooLong)".contains("number"))
    let entry = try folder.write("d.txt", "a b\n" + String(repeating: "a", count: 1 << 17))
    #expect(throws: WordVectorError.lineTooLong(path: entry, line: 2, limit: 1 << 16)) {
      _ = try BilingualDictionary(path: entry)
    }
  }

  @Test func `a byte order mark is no part of the first line, and UTF-16 is refused`() throws {
    let folder = try TemporaryDirectory()
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let vectors = try folder.write("a.vec", mark + Self.bytes("1 2\na 1 2\n"))
    #expect(try WordVectors(text: vectors).rows == [1, 2])
    let dictionary = try folder.write("d.txt", mark + Self.bytes("river नदी\r\n"))
    let entries = try BilingualDictionary(path: dictionary).entries
    #expect(entries.map(\.source) == [Self.bytes("river")])
    #expect(entries.map(\.target) == [Self.bytes("नदी")])
    let wide = try folder.write("w.txt", [0xFF, 0xFE, 0x61, 0x00, 0x20, 0x00, 0x62, 0x00])
    #expect(throws: WordVectorError.corpus(.utf16(path: wide))) {
      _ = try BilingualDictionary(path: wide)
    }
    #expect(throws: WordVectorError.corpus(.utf16(path: wide))) { _ = try WordVectors(text: wide) }
  }

  @Test func `lines are read whole, wherever a read ends`() throws {
    let folder = try TemporaryDirectory()
    var random = SplitMix64(seed: 3)
    var lines: [[UInt8]] = []
    while lines.count < 20_000 {
      lines.append([UInt8](repeating: UInt8(0x61 + lines.count % 26), count: random.below(90)))
    }
    let path = try folder.write("lines.txt", Array(lines.joined(separator: [0x0D, 0x0A])))
    let reader = try LineReader(path: path)
    #expect(try reader.nextLine(limit: 100) == lines[0])
    var found = [lines[0]]
    while let block = try reader.nextLines(size: 70_000, limit: 90) {
      #expect(block.bytes.count < 70_090)
      found += block.lines.map { Array(block.bytes[$0]) }
    }
    #expect(found == lines)
    #expect(try reader.nextLine(limit: 100) == nil)
  }

  @Test func `words with white space are not written`() throws {
    let folder = try TemporaryDirectory()
    for word in [" a", "a\nb", "a\tb"] {
      let vectors = try WordVectors(words: [Self.bytes(word)], rows: [1], dimension: 1)
      let path = folder.file("a")
      #expect(throws: WordVectorError.unwritableWord(path: path, word: word)) {
        try vectors.write(text: path, overwrite: false)
      }
      #expect(throws: WordVectorError.unwritableWord(path: path, word: word)) {
        try vectors.write(fastText: path, overwrite: false)
      }
    }
    #expect(try folder.listing().isEmpty)
  }

  @Test func `numbers are those of the standard library`() {
    var random = SplitMix64(seed: 1)
    var texts = [
      "0", "-0", "+1", "1e5", "-1.25E-3", "123456789012345678", "0.1", ".5", "5.", "1e-300",
    ]
    for _ in 0..<2_000 {
      let value = Float(random.normal() * 3)
      texts.append("\(value)")
      texts.append("\(Double(value) * 1e-9)")
    }
    for text in texts {
      let expected = Float(Double(text) ?? .nan)
      #expect(decimalNumber(Self.bytes(text)[...]).map { Float($0) } == expected, "\(text)")
    }
    for text in ["", "-", ".", "1.2.3", "e5", "0x1", "1 2", "inf", "nan", "--1"] {
      #expect(decimalNumber(Self.bytes(text)[...]) == nil, "\(text)")
    }
  }

  @Test func `a dictionary has two words on each line`() throws {
    let folder = try TemporaryDirectory()
    let path = try folder.write("d.txt", "river\tनदी\n\n  two words \t दो शब्द\r\na b\n")
    let dictionary = try BilingualDictionary(path: path)
    #expect(
      dictionary.entries.map { String(decoding: $0.source, as: UTF8.self) }
        == ["river", "two words", "a"])
    #expect(dictionary.entries[1].target == Self.bytes("दो शब्द"))
    #expect(
      BilingualDictionary.forms(of: Self.bytes("ab cD"))
        == ["ab cD", "ab cd", "Ab Cd"].map(Self.bytes))
    #expect(
      BilingualDictionary.forms(of: Self.bytes("ΛΟΓΟΣ ΣΟΦΟΣ."))
        == ["ΛΟΓΟΣ ΣΟΦΟΣ.", "λογος σοφος.", "Λογος Σοφος."].map(Self.bytes))
    #expect(BilingualDictionary.forms(of: [0xFF]) == [[0xFF], [0xFF], [0xFF]])
    for text in ["one\n", "a b c\n", "a\tb\tc\n", "a\t\n"] {
      let wrong = try folder.write("w.txt", "ok ok\n" + text)
      #expect(throws: WordVectorError.malformedEntry(path: wrong, line: 2)) {
        _ = try BilingualDictionary(path: wrong)
      }
    }
  }

  @Test func `a planted rotation is recovered`() throws {
    var random = SplitMix64(seed: 4)
    let (count, d) = (50, 6)
    let source = (0..<count * d).map { _ in Float(random.normal()) }
    // A rotation by the Gram-Schmidt process.
    var rows: [[Double]] = []
    while rows.count < d {
      var row = (0..<d).map { _ in random.normal() }
      for other in rows {
        let product = zip(row, other).reduce(0) { $0 + $1.0 * $1.1 }
        for i in 0..<d { row[i] -= product * other[i] }
      }
      let norm = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
      rows.append(row.map { $0 / norm })
    }
    var target: [Float] = []
    for r in 0..<count {
      for j in 0..<d {
        var sum = 0.0
        for k in 0..<d { sum += Double(source[r * d + k]) * rows[k][j] }
        target.append(Float(sum))
      }
    }
    let alignment = try OrthogonalAlignment(source: source, target: target, dimension: d)
    for r in 0..<count {
      let mapped = alignment.map(Array(source[r * d..<(r + 1) * d]))
      for j in 0..<d { #expect(abs(mapped[j] - target[r * d + j]) < 1e-5) }
    }
  }

  /// As published: a pair of rows for each of nine pairs of forms.
  @Test func `forms that are equal count as often as they come up`() throws {
    var random = SplitMix64(seed: 12)
    func vectors(_ prefix: String) throws -> WordVectors {
      let words = (0..<900).flatMap { ["\(prefix)\($0)", "\(prefix.uppercased())\($0)"] }
      return try WordVectors(
        words: words.map(Self.bytes),
        rows: (0..<words.count * 3).map { _ in Float(random.normal()) }, dimension: 3)
    }
    let (source, target) = (try vectors("a"), try vectors("b"))
    // Repeated, with capitals and without, and words that one side lacks.
    let entries = (0..<1_500).map { index in
      BilingualDictionary.Entry(
        source: Self.bytes(index % 3 == 0 ? "A\(index % 950)" : "a\(index % 700)"),
        target: Self.bytes("b\(index % 920)"))
    }
    var rows: (source: [Float], target: [Float]) = ([], [])
    for entry in entries {
      for a in BilingualDictionary.forms(of: entry.source) {
        for b in BilingualDictionary.forms(of: entry.target) {
          guard let i = source.index(of: a), let j = target.index(of: b) else { continue }
          rows.source += source.vector(at: i)
          rows.target += target.vector(at: j)
        }
      }
    }
    let found = try OrthogonalAlignment(
      from: source, to: target, by: BilingualDictionary(entries: entries))
    let expected = try OrthogonalAlignment(
      source: rows.source, target: rows.target, dimension: 3)
    #expect(found.pairCount == rows.source.count / 3 && found.pairCount > 9_000)
    #expect(expected.pairCount == found.pairCount)
    for i in 0..<3 {
      let unit: [Float] = (0..<3).map { $0 == i ? 1 : 0 }
      for (a, b) in zip(found.map(unit), expected.map(unit)) { #expect(abs(a - b) < 1e-6) }
    }
  }

  @Test func `an alignment needs words that both sides have`() throws {
    let a = try WordVectors(words: [Self.bytes("a")], rows: [1, 0], dimension: 2)
    let b = try WordVectors(words: [Self.bytes("b")], rows: [0, 1, 0], dimension: 3)
    let c = try WordVectors(words: [Self.bytes("c")], rows: [0, 1], dimension: 2)
    let dictionary = BilingualDictionary(entries: [
      BilingualDictionary.Entry(source: Self.bytes("a"), target: Self.bytes("b"))
    ])
    #expect(throws: WordVectorError.dimensionsDiffer(source: 2, target: 3)) {
      _ = try OrthogonalAlignment(from: a, to: b, by: dictionary)
    }
    #expect(throws: WordVectorError.noCommonEntries(path: "the dictionary", entryCount: 1)) {
      _ = try OrthogonalAlignment(from: a, to: c, by: dictionary)
    }
  }
}
