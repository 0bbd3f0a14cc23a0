import CTesseraKernels
import TesseraBasics

// A matrix times a few vectors, as decoding a token of each of some texts needs it: every weight is read once
// from memory, and then from the cache for each of the other vectors.
//
// Shapes, row-major:   matrix: [rows, width]   vectors: [texts, width]   output: [texts, rows]
//
//   output[t, r] = sum over i of matrix[r, i] * vectors[t, i]

/// Weights per call: enough to hide the fork, and few enough to stay in the second cache.
private let weightsPerCall = 1 << 16

/// output = vectors * matrix^T, on all threads; the bits of a vector's products do not depend on the others.
package func multiply(into output: Matrix, _ matrix: Matrix, vectors: Matrix) {
  precondition(vectors.columnCount == matrix.columnCount && output.rowCount == vectors.rowCount)
  precondition(output.columnCount == matrix.rowCount)
  // A multiple of four rows, so that each call works on whole groups of rows.
  let grain = max(4, weightsPerCall / max(1, matrix.columnCount) / 4 * 4)
  parallelFor(0..<matrix.rowCount, grain: grain) { rows in
    let part = matrix.rows(rows)
    for text in 0..<vectors.rowCount {
      // SAFETY: each call owns its columns of the output; sizes are those of the views.
      unsafe kernels.matrix_vector(
        output.rows(text..<text + 1).columns(rows).base, part.base, Int64(part.stride),
        vectors.rows(text..<text + 1).base, Int64(rows.count), Int64(matrix.columnCount))
    }
  }
}
