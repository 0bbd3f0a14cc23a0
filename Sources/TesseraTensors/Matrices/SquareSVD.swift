// The singular value decomposition of a square matrix, by LAPACK.
//
// Shapes, row-major:   matrix, left, right: [size, size]   values: [size]
//
//   matrix = left * diagonal(values) * right        left, right orthogonal; values descend
//
// For a symmetric positive semidefinite matrix the rows of `right` are its eigenvectors and the values
// its eigenvalues. Divide and conquer, O(size^3) time; Gu and Eisenstat, "A Divide-and-Conquer
// Algorithm for the Bidiagonal SVD", 1995, doi:10.1137/S0895479892242232.

import COpenBLAS

/// The singular value decomposition of a square matrix.
package struct SquareSVD: Sendable {
  /// The largest matrix that is decomposed: LAPACK counts in 32 bits, also its scratch memory.
  package static let sizeLimit = 16_384

  /// The number of rows, and of columns.
  package let size: Int
  /// The left singular vectors: column k belongs to value k.
  package let left: [Double]
  /// The singular values in descending order.
  package let values: [Double]
  /// The right singular vectors: row k belongs to value k.
  package let right: [Double]

  /// Decomposes a matrix, row after row.
  ///
  /// Gives nil if a component is not finite, or if the method does not converge, which is not known to
  /// happen for others.
  ///
  /// - Precondition: There are `size * size` components, and `size` is from 1 to ``sizeLimit``.
  package init?(_ matrix: [Double], size: Int) {
    precondition((1...Self.sizeLimit).contains(size) && matrix.count == size * size)
    guard matrix.allSatisfy(\.isFinite) else { return nil }
    makeLibrarySingleThreaded()
    var order = blasint(size)
    // LAPACK's columns are our rows, so it sees the transpose: its left vectors are our right ones.
    var input = matrix
    var values = [Double](repeating: 0, count: size)
    var theirLeft = [Double](repeating: 0, count: size * size)
    var theirRight = [Double](repeating: 0, count: size * size)
    var integerWork = [blasint](repeating: 0, count: 8 * size)
    var work = [0.0]
    var workSize = blasint(-1)
    var status = blasint(0)
    var job = CChar(bitPattern: UInt8(ascii: "A"))
    // The first call asks how much scratch memory is best, the second one decomposes.
    for _ in 0..<2 {
      // SAFETY: each array has the size that LAPACK documents for a square matrix of this order and all
      // vectors, and lives through the call.
      unsafe dgesdd_(
        &job, &order, &order, &input, &order, &values, &theirLeft, &order, &theirRight, &order,
        &work, &workSize, &integerWork, &status, 1)
      guard status == 0 else { return nil }
      if workSize == -1 {
        workSize = blasint(work[0])
        work = [Double](repeating: 0, count: Int(workSize))
      }
    }
    guard values.allSatisfy(\.isFinite) else { return nil }
    self.size = size
    self.values = values
    // Column-major left vectors of the transpose, read row by row, are our right vectors, one a row.
    right = theirLeft
    left = theirRight
  }
}
