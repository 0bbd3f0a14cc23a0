import TesseraBasics
import TesseraCheckpoints
import TesseraTokenizers
import Testing

@testable import TesseraVocabulary

/// Rows that agree with those of the published packages; see `make-vector-goldens.py`.
@Suite struct VectorGoldenTests {
  /// A base of 60 rows, vectors of its tokens and of 12 new ones, and words with translations.
  struct Goldens {
    let width: Int
    let dimension: Int
    let rank: Int
    private let record: JSONValue

    init() throws {
      record = try FastTextTests.goldens("rows")
      width = try #require(record["width"]?.int)
      dimension = try #require(record["dimension"]?.int)
      rank = try #require(record["rank"]?.int)
    }

    func values(_ key: String) throws -> [Float] {
      try #require(record[key]?.array).map { Float(try #require($0.double)) }
    }

    /// Vectors of tokens from `firstID` on.
    func vectors(_ key: String, firstID: TokenID = 0) throws -> TokenVectors {
      let rows = try values(key)
      let ids = (0..<rows.count / dimension).map { firstID + TokenID($0) }
      return TokenVectors(tokens: ids, rows: rows, dimension: dimension)
    }

    /// The rows that recipes of tokens make of the base.
    func rows(_ recipes: [TokenID: RowRecipe]) throws -> [Double] {
      let base = try values("base")
      var rows: [Double] = []
      for id in recipes.keys.sorted() {
        for i in 0..<width {
          rows.append(
            recipes[id]!.terms.reduce(0) { $0 + $1.weight * Double(base[$1.row * width + i]) })
        }
      }
      return rows
    }
  }

  private func expectEqual(_ found: [Double], _ expected: [Float]) {
    #expect(found.count == expected.count && !found.isEmpty)
    for (a, b) in zip(found, expected) { #expect(abs(a - Double(b)) < 1e-5) }
  }

  @Test func `a sparsemax is that of entmax`() throws {
    let cases = try #require(try FastTextTests.goldens("sparsemax").array)
    #expect(cases.count > 10)
    for entry in cases {
      let values = try #require(entry["values"]?.array).map { Float($0.double ?? .nan) }
      let expected = try #require(entry["weights"]?.array).map { $0.double ?? .nan }
      let found = Sparsemax(values.span)
      var weights = [Double](repeating: 0, count: values.count)
      for (index, weight) in zip(found.indices, found.weights) { weights[index] = weight }
      for (a, b) in zip(weights, expected) { #expect(abs(a - b) < 1e-6) }
    }
  }

  @Test func `rows are those of wechsel`() throws {
    let goldens = try Goldens()
    let found = try neighborRecipes(
      for: goldens.vectors("target"), among: goldens.vectors("source"), count: 10,
      temperature: 0.1, progress: nil)
    try expectEqual(goldens.rows(found), goldens.values("wechsel"))
  }

  @Test func `aligned rows are those of wechsel`() throws {
    let goldens = try Goldens()
    let alignment = try OrthogonalAlignment(
      source: goldens.values("words"), target: goldens.values("translations"),
      dimension: goldens.dimension)
    let found = try neighborRecipes(
      for: goldens.vectors("target"), among: goldens.vectors("source").mapped(by: alignment),
      count: 10, temperature: 0.1, progress: nil)
    try expectEqual(goldens.rows(found), goldens.values("wechsel_aligned"))
  }

  @Test func `rows are those of deepfocus`() throws {
    let goldens = try Goldens()
    let words = try WordVectors(words: [[1]], rows: [1], dimension: 1)
    let found = try FOCUSInitializer(VectorInputs(target: words)).recipes(
      for: goldens.vectors("target"), among: goldens.vectors("source"))
    try expectEqual(goldens.rows(found), goldens.values("focus"))
    #expect(found.values.allSatisfy { $0.isConvex })
    #expect(found.values.contains { $0.terms.count < 60 })
  }

  @Test func `rows are those of OFA at a low rank`() throws {
    let goldens = try Goldens()
    let base = try RandomMatrix(values: goldens.values("base"), width: goldens.width)
    let factors = try MatrixFactorization(
      of: base.matrix, rows: [0..<base.matrix.rowCount], rank: goldens.rank)
    let recipes = try neighborRecipes(
      for: goldens.vectors("target"), among: goldens.vectors("source"), count: 10,
      temperature: 0.1, progress: nil)
    let whole = try goldens.rows(recipes).map { Float($0) }
    try expectEqual(
      factors.projections(of: whole).map { Double($0) }, goldens.values("ofa"))
  }
}
