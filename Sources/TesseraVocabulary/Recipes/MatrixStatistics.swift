public import TesseraCheckpoints

/// Mean and spread of the rows of a base matrix, over the rows that belong to tokens.
///
///   mean[i] = sum over rows of row[i] / n
///   deviation[i] = sqrt(sum over rows of (row[i] - mean[i])^2 / n)
///
/// The divisor is n, as in transformers' `resize_token_embeddings` and in numpy's `std`. Padding rows
/// and rows of unused IDs are left out, since nothing ever trained them.
public struct MatrixStatistics: Hashable, Sendable {
  /// The number of rows that count.
  public let rowCount: Int
  /// The mean of the rows.
  public let mean: [Double]
  /// The standard deviation of each component.
  public let deviation: [Double]
  /// The standard deviation of all components together, around their common mean.
  public let overallDeviation: Double
  /// The mean of the rows' Euclidean norms.
  public let meanNorm: Double

  /// Measures a stored matrix, block by block.
  ///
  /// - Parameters:
  ///   - matrix: The base matrix.
  ///   - rows: The rows that count: ranges inside the matrix, without overlap.
  /// - Throws: ``VocabularyError/nonFiniteRow(tensor:row:)`` if a row has a component that is
  ///   infinite or not a number, since one such row would spoil every new one.
  /// - Complexity: O(rows * width) time, O(width) memory.
  public init(of matrix: TokenMatrix, rows: [Range<Int>]) throws(VocabularyError) {
    let width = matrix.width
    var sums = [Double](repeating: 0, count: width)
    var squares = [Double](repeating: 0, count: width)
    var norms = 0.0
    var count = 0
    try matrix.forEachBlock(in: rows) { (start, values) throws(VocabularyError) in
      for row in 0..<values.count / width {
        var check: Float = 0
        var square = 0.0
        for i in 0..<width {
          let value = values[row * width + i]
          sums[i] += Double(value)
          squares[i] += Double(value) * Double(value)
          square += Double(value) * Double(value)
          check += value - value
        }
        // x - x is not a number for infinities and what is not a number, and 0 for the rest.
        if check != 0 {
          throw .nonFiniteRow(tensor: matrix.tensor.name, row: start + row)
        }
        norms += square.squareRoot()
        count += 1
      }
    }
    let n = Double(Swift.max(1, count))
    rowCount = count
    meanNorm = norms / n
    mean = sums.map { $0 / n }
    deviation = zip(squares, mean).map { ($0 / n - $1 * $1).nonNegativeSquareRoot }
    let elementCount = n * Double(Swift.max(1, width))
    let overallMean = sums.reduce(0, +) / elementCount
    overallDeviation =
      (squares.reduce(0, +) / elementCount - overallMean * overallMean).nonNegativeSquareRoot
  }
}

extension Double {
  /// The root of a difference that rounding may have made slightly negative.
  fileprivate var nonNegativeSquareRoot: Double { Swift.max(0, self).squareRoot() }
}

extension TokenMatrix {
  /// Reads rows in blocks of about 4 MB and hands them out as floats.
  ///
  /// - Parameters:
  ///   - rows: The rows to read.
  ///   - body: Gets the index of the block's first row, and the rows one after the other.
  func forEachBlock(
    in rows: [Range<Int>], _ body: (Int, [Float]) throws(VocabularyError) -> Void
  ) throws(VocabularyError) {
    let step = Swift.max(1, (1 << 20) / Swift.max(1, width))
    for range in rows {
      for start in stride(from: range.lowerBound, to: range.upperBound, by: step) {
        let block = start..<Swift.min(range.upperBound, start + step)
        let values: [Float]
        do { values = try floats(in: block) } catch { throw .checkpoint(error) }
        try body(start, values)
      }
    }
  }
}
