import CTesseraKernels

// Root-mean-square layer normalization.
//
// Shapes, row-major:   input, output: [rows, width]   weight: [1, width]   scale: [1, rows]
//
//   scale[r]     = 1 / sqrt(mean over j of input[r, j]^2 + epsilon)
//   output[r, i] = input[r, i] * scale[r] * weight[i]
//
// Backward, with d the gradient of the output and x the input:
//
//   dx[r, i]  = scale[r] * (d[r, i] w[i] - x[r, i] * scale[r]^2 * mean over j of d[r, j] w[j] x[r, j])
//   dw[i]    += sum over r of d[r, i] * x[r, i] * scale[r]
//
// Zhang and Sennrich, "Root Mean Square Layer Normalization", 2019, arXiv:1910.07467, equation 4.

/// Normalizes the rows of `input`; `scale` keeps what the backward pass needs.
package func rmsNorm(
  into output: Matrix, scale: Matrix, input: Matrix, weight: Matrix, epsilon: Float
) {
  let width = input.columnCount
  precondition(output.rowCount == input.rowCount && output.columnCount == width)
  precondition(weight.count == width && scale.count == input.rowCount)
  precondition(input.isContiguous && output.isContiguous && scale.isContiguous)
  // SAFETY: all views are contiguous and have the sizes that the kernel is told.
  unsafe kernels.rms_norm(
    output.base, scale.base, input.base, weight.base, Int64(input.rowCount), Int64(width), epsilon)
}

/// Adds the gradient of ``rmsNorm(into:scale:input:weight:epsilon:)`` to `residual`.
///
/// `inputGradient` may be the same memory as `residual` or `outputGradient`. The weight's gradient
/// is added to, if wanted; the forward output is computed once more into `normed`, if wanted.
package func rmsNormBackward(
  into inputGradient: Matrix, residual: Matrix, outputGradient: Matrix, input: Matrix,
  weight: Matrix, scale: Matrix, weightGradient: Matrix?, normed: Matrix?
) {
  let rows = input.rowCount
  let width = input.columnCount
  for matrix in [inputGradient, residual, outputGradient, normed ?? input] {
    precondition(
      matrix.rowCount == rows && matrix.columnCount == width && matrix.isContiguous,
      "all rows have one shape")
  }
  precondition(input.isContiguous && scale.isContiguous && scale.count == rows)
  precondition(weight.count == width && (weightGradient?.count ?? width) == width)
  // SAFETY: all views are contiguous and have the sizes that the kernel is told.
  unsafe kernels.rms_norm_backward(
    inputGradient.base, residual.base, outputGradient.base, input.base, weight.base, scale.base,
    weightGradient?.base, normed?.base, Int64(rows), Int64(width))
}

/// The norm in Double, from its definition.
package func rmsNormReference(
  input: [Double], weight: [Double], epsilon: Double
) -> [Double] {
  var output = input
  for row in 0..<input.count / weight.count {
    let range = row * weight.count..<(row + 1) * weight.count
    let mean = input[range].reduce(0) { $0 + $1 * $1 } / Double(weight.count)
    for (i, column) in range.enumerated() {
      output[column] = input[column] / (mean + epsilon).squareRoot() * weight[i]
    }
  }
  return output
}
