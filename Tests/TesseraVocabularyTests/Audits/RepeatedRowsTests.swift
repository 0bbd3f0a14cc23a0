import TesseraBasics
import TesseraCheckpoints
import TesseraTensors
import TesseraTestSupport
import TesseraTokenizers
import Testing

@testable import TesseraVocabulary

@Suite struct RepeatedRowsTests {
  /// Random rows, some of which are changed copies of others.
  private static func rows(
    _ count: Int, width: Int, seed: UInt64 = 1,
    copies: [(row: Int, of: Int, change: (Int, Float) -> Float)]
  ) -> [Float] {
    var random = SplitMix64(seed: seed)
    // A common direction, as in trained models.
    var rows = (0..<count * width).map { _ in Float(random.normal() + 0.3) }
    for copy in copies {
      for i in 0..<width { rows[copy.row * width + i] = copy.change(i, rows[copy.of * width + i]) }
    }
    return rows
  }

  @Test(arguments: [8, 63, 64, 200])
  func `rows that are equal or nearly so are found, and no others`(width: Int) throws {
    let values = Self.rows(
      300, width: width,
      copies: [
        (210, 3, { $1 }), (211, 210, { $1 }), (220, 4, { $0 == 0 ? $1 * 1.01 + 0.01 : $1 }),
        (221, 230, { $1 * 1.04 }), (222, 5, { $1 * 1.06 }), (223, 6, { -$1 }),
        (224, 224, { _, _ in 0 }), (225, 225, { _, _ in 0 }), (7, 8, { $1 }),
        (240, 241, { $1 * ($0 % 2 == 0 ? 1.01 : 0.99) }),
        (242, 9, { $1 * ($0 % 2 == 0 ? 1.1 : 0.9) }),
      ])
    let matrix = try RandomMatrix(values: values, width: width)
    let found = try RepeatedRows(
      in: matrix.matrix, baseRows: RangeSet(0..<200), newRows: RangeSet(200..<300))
    #expect(found.equal.map(\.row) == [210, 211] && found.equal.map(\.other) == [3, 3])
    #expect(found.equalCounts.ofBase == 2 && found.equalCounts.ofNew == 0)
    #expect(found.near.map(\.row) == [220, 230, 241])
    #expect(found.near.map(\.other) == [4, 221, 240])
    #expect(found.near.map(\.isOtherNew) == [false, true, true])
    #expect(found.nearCounts.ofBase == 1 && found.nearCounts.ofNew == 2)
    #expect(found.near.allSatisfy { $0.cosine >= 0.999 && $0.cosine <= 1 })
  }

  @Test(arguments: 1...6 as ClosedRange<UInt64>)
  func `the search finds what the definition finds`(seed: UInt64) throws {
    let (count, width) = (180, 96)
    var random = SplitMix64(seed: seed, stream: 3)
    // Copies at angles around the limit: a cosine of 0.999 is a relative distance of 0.045.
    let copies = (0..<40).map { i in
      let size = Float(0.02 + 0.05 * random.uniform())
      var noise = SplitMix64(seed: seed, stream: UInt64(10 + i))
      return (
        row: 140 + i, of: random.below(140),
        change: { (_: Int, value: Float) in value + size * Float(noise.normal()) }
      )
    }
    let values = Self.rows(count, width: width, seed: seed, copies: copies)
    let matrix = try RandomMatrix(values: values, width: width, type: .bf16)
    let found = try NearRowSearch(Array(0..<count), of: matrix.matrix).rowsNearEarlier(from: 0)
    let stored = matrix.values
    var expected: [NearRow] = []
    for row in 0..<count {
      var nearest: NearRow?
      for other in 0..<row {
        let cosine = NearRowSearch.cosine(
          ofNear: stored[row * width..<(row + 1) * width],
          stored[other * width..<(other + 1) * width])
        guard let cosine, cosine > nearest?.cosine ?? -1 else { continue }
        nearest = NearRow(row: row, other: other, cosine: cosine)
      }
      if let nearest { expected.append(nearest) }
    }
    #expect(found == expected, "seed \(seed)")
    #expect(found.count > 5 && found.count < 40)
  }

  @Test func `the result does not depend on the number of threads`() throws {
    let values = Self.rows(
      4_900, width: 16, copies: (0..<150).map { (4_600 + $0, 26 * $0, { $1 * 1.001 }) })
    let matrix = try RandomMatrix(values: values, width: 16)
    func repeated() throws -> RepeatedRows {
      try RepeatedRows(
        in: matrix.matrix, baseRows: RangeSet([0..<4_000, 4_100..<4_500]),
        newRows: RangeSet([4_500..<4_900]))
    }
    let found = try repeated()
    let threadCount = Workers.threadCount
    defer { Workers.setThreadCount(threadCount) }
    for count in [1, 2, 3] {
      Workers.setThreadCount(count)
      #expect(try repeated() == found, "\(count) threads")
    }
    #expect(found.nearCounts.total >= 150 && found.near.count == RepeatedRows.pairLimit)
    #expect(found.near.map(\.row) == Array(4_600..<4_605))
  }

  @Test func `an extension tells of rows that are alike`() throws {
    let folder = try TemporaryDirectory()
    let base = try BaseModel(directory: SmallModel().write(to: folder))
    let tokens = try base.select(12).tokens
    var options = ExtensionOptions()
    options.inputMethod = .mean
    let report = try VocabularyExtension(of: base, tokens: tokens, options: options)
      .write(to: folder.file("new"), force: false)
    // All rows are the mean.
    let repeated = try #require(report.matrices[0].repeated)
    #expect(repeated.equalCounts.ofNew == 11 && repeated.equalCounts.ofBase == 0)
    let first = base.rowCount
    #expect(repeated.equal.map(\.row) == Array(first + 1..<first + 6))
    #expect(repeated.equal.allSatisfy { $0.other == first && $0.isOtherNew })
    #expect(repeated.nearCounts.total == 0)
    let audit = try RowAudit(
      of: BaseModel(directory: folder.file("new")).matrices.embedding, role: "embedding",
      tokenizer: nil, initializerRange: nil)
    let counts = Dictionary(
      uniqueKeysWithValues: audit.results.map { ($0.name, $0.findingCount) })
    #expect(counts["embedding rows equal to another"] == 11)
    #expect(counts["embedding rows nearly equal to another"] == 0)
  }
}
