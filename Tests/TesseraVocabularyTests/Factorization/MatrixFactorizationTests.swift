import TesseraBasics
import TesseraCheckpoints
import TesseraTestSupport
import Testing

@testable import TesseraVocabulary

@Suite struct MatrixFactorizationTests {
  @Test func `all coordinates give the matrix, fewer the nearest of their rank`() throws {
    let base = try RandomMatrix(rows: 40, width: 7)
    let rows = [0..<40]
    var last = Double.infinity
    for rank in 1...7 {
      let factors = try MatrixFactorization(of: base.matrix, rows: rows, rank: rank)
      let coordinates = factors.coordinates(of: base.values)
      let projections = factors.projections(of: base.values)
      #expect(coordinates.count == 40 * rank && factors.primitives.count == rank * 7)
      var error = 0.0
      for r in 0..<40 {
        for i in 0..<7 {
          let product = (0..<rank).reduce(0.0) {
            $0 + Double(coordinates[r * rank + $1]) * Double(factors.primitives[$1 * 7 + i])
          }
          #expect(abs(product - Double(projections[r * 7 + i])) < 1e-5)
          error +=
            (product - Double(base.values[r * 7 + i])) * (product - Double(base.values[r * 7 + i]))
        }
      }
      // What is left out is the sum of the squares of the other singular values.
      let all = try MatrixFactorization(of: base.matrix, rows: rows, rank: 7).singularValues
      let expected = all[rank...].reduce(0) { $0 + $1 * $1 }
      #expect(abs(error - expected) < 1e-4 * max(1, expected))
      #expect(error <= last)
      last = error
    }
    #expect(last < 1e-8)
  }

  @Test func `coordinates of a matrix of low rank are zero beyond it`() throws {
    let values: [Float] = (0..<12).flatMap { [Float($0), 2 * Float($0), -Float($0)] }
    let base = try RandomMatrix(values: values, width: 3)
    let factors = try MatrixFactorization(of: base.matrix, rows: [0..<12], rank: 3)
    #expect(factors.singularValues[1...].allSatisfy { $0 == 0 })
    let coordinates = factors.coordinates(of: values)
    for r in 0..<12 { #expect(coordinates[r * 3 + 1] == 0 && coordinates[r * 3 + 2] == 0) }
    for (a, b) in zip(factors.projections(of: values), values) { #expect(abs(a - b) < 1e-5) }
  }

  @Test func `a rank that cannot be is refused`() throws {
    let base = try RandomMatrix(rows: 5, width: 3)
    for rank in [0, 4] {
      #expect(throws: VocabularyError.wordVectors(.rank(rank, limit: 3))) {
        _ = try MatrixFactorization(of: base.matrix, rows: [0..<5], rank: rank)
      }
    }
  }

  @Test func `factors are written by name`() throws {
    let base = try RandomMatrix(rows: 30, width: 5)
    let folder = try TemporaryDirectory()
    let path = folder.file("factors.safetensors")
    let factors = try MatrixFactorization(of: base.matrix, rows: [0..<30], rank: 2)
    try FactoredMatrix.written(
      [FactoredMatrix(role: .input, factors: factors, matrix: base.matrix)], to: path
    ).commit()
    let file = try SafetensorsFile(path: path)
    let tensors = file.header.tensors
    #expect(
      tensors.map(\.name).sorted() == ["input.coordinates.weight", "input.primitives.weight"])
    let coordinates = try #require(tensors.first { $0.name.contains("coordinates") })
    #expect(coordinates.shape == [30, 2])
    let stored = try TokenMatrix(file: file, tensor: coordinates).floats(in: 0..<30)
    #expect(stored == factors.coordinates(of: base.values))
  }
}
