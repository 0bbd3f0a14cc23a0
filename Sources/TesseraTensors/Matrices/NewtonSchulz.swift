import TesseraBasics

// The nearest matrix with orthogonal rows or columns, roughly, by products alone.
//
// Shapes:   matrix: [rows, columns], rows <= columns (a taller one is turned over)
//
//   X = matrix / |matrix|
//   five times:   A = X X^T,   X = a X + (b A + c A A) X
//
// The polynomial a s + b s^3 + c s^5 drives every singular value s from (0, 1] to about 1: to between
// 0.7 and 1.2, which is near enough for a direction of descent.
//
// Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024,
// https://kellerjordan.github.io/posts/muon/, whose coefficients these are.

/// The numbers of the iteration.
private enum Coefficients {
  static let linear: Float = 3.4445
  static let cubic: Float = -4.7750
  static let quintic: Float = 2.0315
  static let rounds = 5
  /// A norm below this counts as this.
  static let leastNorm = 1e-7
}

/// Rows of one tile of a product. Tiles depend on shapes alone, and so do the bits.
private let tileRows = 64

/// Brings all singular values near to 1.
///
/// - Parameters:
///   - matrix: [rows, columns], without gaps; changed in place.
///   - memory: Scratch memory, whose pieces are taken back.
/// - Complexity: O(rounds · (2 · n² · m + n³)) for the smaller size n and the larger one m, on all
///   threads; O(n · (n + m)) memory besides.
package func orthogonalize(_ matrix: Matrix, memory: FloatMemory) {
  precondition(matrix.isContiguous, "the rows follow each other")
  guard matrix.count > 0 else { return }
  let isTall = matrix.rowCount > matrix.columnCount
  let (small, large) =
    isTall
    ? (matrix.columnCount, matrix.rowCount) : (matrix.rowCount, matrix.columnCount)
  let scratch =
    2 * FloatMemory.size(rowCount: small, columnCount: small)
    + 2 * FloatMemory.size(rowCount: small, columnCount: large)
  memory.reset(minimumCapacity: scratch)
  let gram = memory.carve(small, small)
  let update = memory.carve(small, small)
  var current = memory.carve(small, large)
  var next = memory.carve(small, large)

  if isTall { transpose(matrix, into: current) } else { current.copy(from: matrix) }
  // SAFETY: the piece holds `count` floats in a row, and lives as long as the memory.
  let elements = unsafe UnsafeBufferPointer(start: current.base, count: current.count)
  let norm = unsafe sumOfSquares(elements.span).squareRoot()
  scale(current, by: Float(1 / max(norm, Coefficients.leastNorm)))
  for _ in 0..<Coefficients.rounds {
    let (x, out) = (current, next)
    inTiles(small) { rows in multiply(into: gram.rows(rows), x.rows(rows), transposed: x) }
    inTiles(small) { rows in
      update.rows(rows).copy(from: gram.rows(rows))
      multiply(
        into: update.rows(rows), gram.rows(rows), gram, scale: Coefficients.quintic,
        keep: Coefficients.cubic)
    }
    inTiles(small) { rows in
      out.rows(rows).copy(from: x.rows(rows))
      multiply(into: out.rows(rows), update.rows(rows), x, keep: Coefficients.linear)
    }
    swap(&current, &next)
  }
  if isTall { transpose(current, into: matrix) } else { matrix.copy(from: current) }
}

/// Runs a body for tiles of rows.
private func inTiles(_ rowCount: Int, _ body: @Sendable (Range<Int>) -> Void) {
  parallelFor(0..<rowCount, grain: tileRows, body)
}

/// output = matrix^T, in tiles that fit into the nearest cache.
private func transpose(_ matrix: Matrix, into output: Matrix) {
  precondition(
    output.rowCount == matrix.columnCount && output.columnCount == matrix.rowCount,
    "the output has the transposed shape")
  inTiles(output.rowCount) { rows in
    for first in stride(from: 0, to: matrix.rowCount, by: tileRows) {
      for row in rows {
        for column in first..<min(first + tileRows, matrix.rowCount) {
          output[row, column] = matrix[column, row]
        }
      }
    }
  }
}

/// Multiplies all elements.
private func scale(_ matrix: Matrix, by factor: Float) {
  inTiles(matrix.rowCount) { rows in
    for row in rows {
      for column in 0..<matrix.columnCount { matrix[row, column] *= factor }
    }
  }
}

/// The same in Double, from its definition.
package func orthogonalizeReference(_ matrix: [Double], rows: Int, columns: Int) -> [Double] {
  func transposed(_ values: [Double], rows: Int, columns: Int) -> [Double] {
    (0..<rows * columns).map { values[$0 % rows * columns + $0 / rows] }
  }
  if rows > columns {
    let turned = orthogonalizeReference(
      transposed(matrix, rows: rows, columns: columns), rows: columns, columns: rows)
    return transposed(turned, rows: columns, columns: rows)
  }
  let norm = max(matrix.reduce(0) { $0 + $1 * $1 }.squareRoot(), 1e-7)
  var x = matrix.map { $0 / norm }
  for _ in 0..<5 {
    let gram = multiplyReference(
      x, rows: rows, inner: columns, x, columns: rows, bIsTransposed: true)
    let square = multiplyReference(gram, rows: rows, inner: rows, gram, columns: rows)
    let update = zip(gram, square).map { -4.7750 * $0 + 2.0315 * $1 }
    let moved = multiplyReference(update, rows: rows, inner: rows, x, columns: columns)
    x = zip(x, moved).map { 3.4445 * $0 + $1 }
  }
  return x
}
