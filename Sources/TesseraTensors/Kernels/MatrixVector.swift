import CTesseraKernels
import TesseraBasics

// A matrix times one vector, as decoding one token needs it: every weight is read once.
//
// Shapes, row-major:   matrix: [rows, width]   vector: [1, width]   output: [1, rows]
//
//   output[r] = sum over i of matrix[r, i] * vector[i]

/// Weights per call: enough to hide the fork.
private let weightsPerCall = 1 << 16

/// output = matrix * vector, on all threads.
package func multiply(into output: Matrix, _ matrix: Matrix, vector: Matrix) {
  precondition(vector.rowCount == 1 && vector.columnCount == matrix.columnCount)
  precondition(output.rowCount == 1 && output.columnCount == matrix.rowCount)
  // A multiple of four rows, so that each call works on whole groups of rows.
  let grain = max(4, weightsPerCall / max(1, matrix.columnCount) / 4 * 4)
  parallelFor(0..<matrix.rowCount, grain: grain) { rows in
    let part = matrix.rows(rows)
    // SAFETY: each call owns its columns of the output; sizes are those of the views.
    unsafe kernels.matrix_vector(
      output.columns(rows).base, part.base, Int64(part.stride), vector.base, Int64(rows.count),
      Int64(matrix.columnCount))
  }
}
