// The covariance of the rows of a base matrix, and its Cholesky factor.
//
// Shapes, row-major:   rows: [n, d]   covariance, factor: [d, d]
//
//   covariance = (rows - mean)^T (rows - mean) / n
//   factor: lower triangular, factor factor^T = covariance
//
// The covariance is singular where rows span fewer than d dimensions. A pivot at or below d * epsilon
// times the largest diagonal entry counts as zero, and its column of the factor is zero: for a
// positive semidefinite matrix the rest of that column is zero as well.
//
// Time O(n d^2) and memory 12 d^2 bytes: 7.1 MB at d = 768, and 805 MB at d = 8192. Where that is too
// much, use the method `mean` or `univariate`: at the default scale of 1e-5 they are the same method
// in all but name.
//
// Both loops are our own, and not the library's: its bits depend on the processor, and rows with noise are
// made again out of a seed.

package import TesseraBasics
package import TesseraCheckpoints
internal import TesseraTensors

/// The Cholesky factor of the covariance of a matrix's rows.
package struct CovarianceFactor: Sendable {
  /// The length of a row.
  package let width: Int
  /// Row i of the lower triangle begins at i * width.
  package private(set) var elements: [Float]

  /// Measures the rows that belong to tokens, and factorizes their covariance.
  ///
  /// - Parameters:
  ///   - matrix: The matrix.
  ///   - rows: The rows that count.
  ///   - statistics: Those of the rows.
  ///   - progress: Gets the rows that are measured, then the columns of the factor.
  /// - Throws: ``VocabularyError/interrupted``, and what reading throws.
  package init(
    of matrix: TokenMatrix, rows: [Range<Int>], statistics: MatrixStatistics,
    progress: ProgressHandler? = nil
  ) throws(VocabularyError) {
    let width = matrix.width
    var covariance = [Double](repeating: 0, count: width * width)
    let mean = statistics.mean
    var measured = 0
    try matrix.forEachBlock(in: rows) { (_, values) throws(VocabularyError) in
      if Interruption.isRequested { throw .interrupted }
      let count = values.count / width
      // Columns side by side in memory, so that the inner product below runs over neighbors.
      var columns = [Float](repeating: 0, count: values.count)
      for row in 0..<count {
        for i in 0..<width {
          columns[i * count + row] = Float(Double(values[row * width + i]) - mean[i])
        }
      }
      addProducts(of: columns, count: count, width: width, to: &covariance)
      measured += count
      progress?(
        ProgressUpdate(
          phase: "measuring covariances", completed: measured, total: statistics.rowCount,
          unit: "rows"))
    }
    let n = Double(max(1, statistics.rowCount))
    for i in covariance.indices { covariance[i] /= n }
    try factorize(&covariance, width: width, progress: progress)
    self.width = width
    elements = covariance.map { Float($0) }
  }

  /// Writes `factor * normals` to `output`.
  func multiply(_ normals: [Float], into output: inout [Double]) {
    let rows = elements.span
    for i in 0..<width {
      output[i] = innerProduct(
        rows.extracting(i * width..<i * width + i + 1), normals.span.extracting(0..<i + 1))
    }
  }
}

/// Adds `columns * columns^T`, the products of all pairs of columns, to a lower triangle.
///
/// Tiles of rows of the result are computed by one worker each, and each entry is one sum in a fixed
/// order, so the bits do not depend on the number of threads.
private func addProducts(
  of columns: [Float], count: Int, width: Int, to covariance: inout [Double]
) {
  unsafe covariance.withUnsafeMutableBufferPointer { output in
    // SAFETY: each call of the body writes rows `range` of the output alone, ranges are disjoint,
    // and `parallelFor` returns only after the last call, inside this closure.
    nonisolated(unsafe) let output = unsafe output
    parallelFor(0..<width, grain: 8) { range in
      let span = columns.span
      for i in range {
        let a = span.extracting(i * count..<(i + 1) * count)
        for j in 0...i {
          let b = span.extracting(j * count..<(j + 1) * count)
          unsafe output[i * width + j] += innerProduct(a, b)
        }
      }
    }
  }
}

/// Replaces the lower triangle of a positive semidefinite matrix by its Cholesky factor.
///
/// Golub and Van Loan, "Matrix Computations", 4th edition, algorithm 4.2.1, row by row.
private func factorize(
  _ matrix: inout [Double], width: Int, progress: ProgressHandler?
) throws(VocabularyError) {
  var largest = 0.0
  for i in 0..<width { largest = max(largest, matrix[i * width + i]) }
  let threshold = largest * Double(width) * Double.ulpOfOne
  for j in 0..<width {
    if Interruption.isRequested { throw .interrupted }
    var pivot = matrix[j * width + j]
    for k in 0..<j { pivot -= matrix[j * width + k] * matrix[j * width + k] }
    let root = pivot > threshold ? pivot.squareRoot() : 0
    matrix[j * width + j] = root
    unsafe matrix.withUnsafeMutableBufferPointer { output in
      // SAFETY: each call of the body writes column j of rows `range`, which are disjoint, and reads
      // columns before j, which nothing writes any more. `parallelFor` joins inside this closure.
      nonisolated(unsafe) let output = unsafe output
      parallelFor(j + 1..<width, grain: 64) { range in
        for i in range {
          var sum = unsafe output[i * width + j]
          for k in 0..<j { unsafe sum -= output[i * width + k] * output[j * width + k] }
          unsafe output[i * width + j] = root > 0 ? sum / root : 0
        }
      }
    }
    for i in 0..<j { matrix[i * width + j] = 0 }
    progress?(
      ProgressUpdate(
        phase: "factorizing covariances", completed: j + 1, total: width, unit: "columns"))
  }
}
