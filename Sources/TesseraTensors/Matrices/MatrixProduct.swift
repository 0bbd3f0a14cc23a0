// Matrix products, through OpenBLAS with one thread per call.
//
//   output = scale * op(a) * op(b) + keep * output      op(x) = x or its transpose
//
// The library's bits depend on its number of threads and on the shape of the call, so callers cut
// large products into tiles that depend on shapes alone, and give the tiles to our own threads.

import COpenBLAS

/// Tells OpenBLAS to leave the threads to us; evaluated once, before the first product.
private let libraryIsSingleThreaded: Void = openblas_set_num_threads(1)

/// Sees to it that the library starts no threads.
func makeLibrarySingleThreaded() { _ = libraryIsSingleThreaded }

/// output = scale * a * b + keep * output.
///
/// With `keep` 0 the output's old content is ignored, even if it is not a number.
///
/// - Precondition: The shapes agree, and the output overlaps neither factor.
package func multiply(
  into output: Matrix, _ a: Matrix, _ b: Matrix, scale: Float = 1, keep: Float = 0
) {
  product(into: output, a, CblasNoTrans, b, CblasNoTrans, scale: scale, keep: keep)
}

/// output = scale * a * b^T + keep * output.
package func multiply(
  into output: Matrix, _ a: Matrix, transposed b: Matrix, scale: Float = 1, keep: Float = 0
) {
  product(into: output, a, CblasNoTrans, b, CblasTrans, scale: scale, keep: keep)
}

/// output = scale * a^T * b + keep * output.
package func multiply(
  into output: Matrix, transposed a: Matrix, _ b: Matrix, scale: Float = 1, keep: Float = 0
) {
  product(into: output, a, CblasTrans, b, CblasNoTrans, scale: scale, keep: keep)
}

private func product(
  into output: Matrix, _ a: Matrix, _ aTransposition: CBLAS_TRANSPOSE, _ b: Matrix,
  _ bTransposition: CBLAS_TRANSPOSE, scale: Float, keep: Float
) {
  let aIsPlain = aTransposition == CblasNoTrans
  let bIsPlain = bTransposition == CblasNoTrans
  let inner = aIsPlain ? a.columnCount : a.rowCount
  precondition(output.rowCount == (aIsPlain ? a.rowCount : a.columnCount), "rows of a product")
  precondition(inner == (bIsPlain ? b.rowCount : b.columnCount), "inner sizes of a product")
  precondition(
    output.columnCount == (bIsPlain ? b.columnCount : b.rowCount), "columns of a product")
  guard output.count > 0 else { return }
  makeLibrarySingleThreaded()
  // SAFETY: sizes and strides are those of the views, which are valid for the call.
  unsafe cblas_sgemm(
    CblasRowMajor, aTransposition, bTransposition, blasint(output.rowCount),
    blasint(output.columnCount), blasint(inner), scale, a.base, blasint(max(1, a.stride)), b.base,
    blasint(max(1, b.stride)), keep, output.base, blasint(max(1, output.stride)))
}

/// The product in Double, from its definition.
package func multiplyReference(
  _ a: [Double], rows: Int, inner: Int, _ b: [Double], columns: Int, bIsTransposed: Bool = false
) -> [Double] {
  var output = [Double](repeating: 0, count: rows * columns)
  for row in 0..<rows {
    for column in 0..<columns {
      for i in 0..<inner {
        let factor = bIsTransposed ? b[column * inner + i] : b[i * columns + column]
        output[row * columns + column] += a[row * inner + i] * factor
      }
    }
  }
  return output
}
