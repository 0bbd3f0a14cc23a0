import TesseraBasics
import TesseraCheckpoints
import TesseraVocabulary
import Testing

@Suite struct MatrixStatisticsTests {
  @Test(arguments: [1, 2, 7, 50], [1, 3, 16])
  func `agrees with the definition in two passes`(rows: Int, width: Int) throws {
    let base = try RandomMatrix(rows: rows, width: width)
    let found = try MatrixStatistics(of: base.matrix, rows: [0..<rows])
    #expect(found.rowCount == rows)
    var squares = 0.0
    let center = base.values.reduce(0) { $0 + Double($1) } / Double(base.values.count)
    for i in 0..<width {
      let column = (0..<rows).map { base.row($0)[i] }
      let mean = column.reduce(0, +) / Double(rows)
      let variance = column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(rows)
      #expect(abs(found.mean[i] - mean) < 1e-12)
      // The root of a difference of sums: half the digits are left where the variance is zero.
      #expect(abs(found.deviation[i] - variance.squareRoot()) < 1e-6)
      squares += column.reduce(0) { $0 + ($1 - center) * ($1 - center) }
    }
    let deviation = (squares / Double(rows * width)).squareRoot()
    #expect(abs(found.overallDeviation - deviation) < 1e-6)
  }

  @Test func `rows that belong to no token do not count`() throws {
    let base = try RandomMatrix(values: [1, 100, 2, 3, 100, 100], width: 1)
    let found = try MatrixStatistics(of: base.matrix, rows: [0..<1, 2..<4])
    #expect(found.rowCount == 3)
    #expect(found.mean == [2])
  }

  @Test(arguments: [Float.infinity, -.infinity, .nan])
  func `a row that is not finite is refused`(value: Float) throws {
    let base = try RandomMatrix(values: [1, 2, 3, 4, value, 6], width: 2)
    #expect(throws: VocabularyError.nonFiniteRow(tensor: "m", row: 2)) {
      _ = try MatrixStatistics(of: base.matrix, rows: [0..<3])
    }
    #expect(try MatrixStatistics(of: base.matrix, rows: [0..<2]).rowCount == 2)
  }

  @Test(arguments: [1, 2, 9, 40], [1, 2, 17])
  func `the factor times itself is the covariance`(rows: Int, width: Int) throws {
    let base = try RandomMatrix(rows: rows, width: width)
    let all = [0..<rows]
    let statistics = try MatrixStatistics(of: base.matrix, rows: all)
    let factor = try CovarianceFactor(of: base.matrix, rows: all, statistics: statistics)
    for i in 0..<width {
      for j in 0..<width {
        var product = 0.0
        for k in 0..<width {
          product += Double(factor.elements[i * width + k]) * Double(factor.elements[j * width + k])
        }
        var expected = 0.0
        for row in 0..<rows {
          let x = base.row(row)
          expected += (x[i] - statistics.mean[i]) * (x[j] - statistics.mean[j]) / Double(rows)
        }
        // Stored in single precision; where rows are fewer than components, pivots are cut off.
        #expect(abs(product - expected) < 1e-5, "\(i), \(j)")
        if j > i { #expect(factor.elements[i * width + j] == 0) }
      }
    }
  }
}
