// The three products of training with a weight W, [outputs, inputs], in bf16 and with sums in f32:
//
//   forward:           y  = x * W^T         x [tokens, inputs], y [tokens, outputs]
//   input gradient:    dx = dy * W
//   weight gradient:   dW = dy^T * x
//
// W is packed once for each pass over the layers, as its rows are for the first product and its columns for
// the second, and read by every tile of tokens; x and dy are packed for each product, which takes 0.03 to
// 0.1 ns a number where the product takes 1 ns and more.

import TesseraBasics

/// A matrix that is to be packed as a factor.
package struct BFloat16Packing: Sendable {
  /// Rows of the matrix per call of a fork: whole blocks of rows and of components.
  fileprivate static let rowsPerCall = 64

  fileprivate let factor: BFloat16Factor
  fileprivate let matrix: Matrix
  fileprivate let isTransposed: Bool

  /// The rows of a matrix as those of a factor, which takes its shape.
  package init(_ matrix: Matrix, as factor: BFloat16Factor) {
    self.matrix = matrix
    self.factor = factor
    isTransposed = false
    factor.reset(rowCount: matrix.rowCount, width: matrix.columnCount)
  }

  /// The columns of a matrix as the rows of a factor, which takes the transposed shape.
  package init(transposed matrix: Matrix, as factor: BFloat16Factor) {
    self.matrix = matrix
    self.factor = factor
    isTransposed = true
    factor.reset(rowCount: matrix.columnCount, width: matrix.rowCount)
  }

  fileprivate func pack(_ rows: Range<Int>) {
    // Each call owns its rows or components of the factor.
    if isTransposed {
      factor.pack(transposed: matrix.rows(rows), component: rows.lowerBound)
    } else {
      factor.pack(matrix.rows(rows), row: rows.lowerBound)
    }
  }
}

/// Rounds and packs matrices in one fork, on all threads.
///
/// - Complexity: O(n) time, 6 bytes of memory traffic for each number.
package func pack(_ packings: [BFloat16Packing]) {
  let blocks = packings.flatMap { packing in
    stride(from: 0, to: packing.matrix.rowCount, by: BFloat16Packing.rowsPerCall).map { start in
      let end = min(start + BFloat16Packing.rowsPerCall, packing.matrix.rowCount)
      return (packing: packing, rows: start..<end)
    }
  }
  parallelFor(0..<blocks.count) { range in
    for block in blocks[range] { block.packing.pack(block.rows) }
  }
}

/// output = a * right^T + keep * output, with `keep` 0 or 1, on the calling thread.
///
/// - Parameters:
///   - output: [rows, columns]
///   - a: [rows, inner]; it is packed first.
///   - right: [columns, inner]
///   - keep: As for the product of two factors.
///   - scratch: Memory for the left factor.
package func multiply(
  into output: Matrix, packing a: Matrix, transposed right: BFloat16Factor, keep: Float = 0,
  scratch: BFloat16Scratch
) {
  scratch.withFactor(.left, rowCount: a.rowCount, width: a.columnCount) { left in
    left.pack(a)
    multiply(into: output, left, transposed: right, keep: keep)
  }
}
