import CTesseraKernels

// Root-mean-square layer normalization.
//
// Shapes, row-major:   input, output: [rows, groups * width]   weight: [1, width]
//                      scale: [rows, groups]
//
// Each group of a row is normalized by itself: there is one where a whole row is, and as many as
// heads where queries and keys are normalized head by head. For one group:
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

/// Normalizes the rows of `input`, or as many groups of each as it is wider than `weight`; `scale`
/// keeps what the backward pass needs.
package func rmsNorm(
  into output: Matrix, scale: Matrix, input: Matrix, weight: Matrix, epsilon: Float
) {
  let width = weight.count
  let groups = input.columnCount / max(1, width)
  precondition(output.rowCount == input.rowCount && output.columnCount == input.columnCount)
  precondition(groups * width == input.columnCount && scale.count == input.rowCount * groups)
  precondition(weight.isContiguous && scale.isContiguous)
  // SAFETY: rows have `groups * width` floats and the strides that the kernel is told; there is a
  // scale for each group.
  unsafe kernels.rms_norm(
    output.base, Int64(output.stride), scale.base, input.base, Int64(input.stride), weight.base,
    Int64(input.rowCount), Int64(groups), Int64(width), epsilon)
}

/// Adds the gradient of ``rmsNorm(into:scale:input:weight:epsilon:)`` to `residual`, if there is one.
///
/// `inputGradient` may be the same memory as `residual` or `outputGradient`. The weight's gradient
/// is added to, if wanted; the forward output is computed once more into `normed`, if wanted.
///
/// - Precondition: The gradients and `residual` have one stride; `input` and `normed` as well.
package func rmsNormBackward(
  into inputGradient: Matrix, residual: Matrix?, outputGradient: Matrix, input: Matrix,
  weight: Matrix, scale: Matrix, weightGradient: Matrix?, normed: Matrix?
) {
  let (rows, columns, width) = (input.rowCount, input.columnCount, weight.count)
  let groups = columns / max(1, width)
  for matrix in [inputGradient, residual ?? inputGradient, outputGradient, normed ?? input] {
    precondition(matrix.rowCount == rows && matrix.columnCount == columns, "rows have one shape")
  }
  let stride = inputGradient.stride
  precondition(outputGradient.stride == stride && (residual?.stride ?? stride) == stride)
  precondition((normed?.stride ?? input.stride) == input.stride, "rows have one stride")
  precondition(groups * width == columns && scale.isContiguous && scale.count == rows * groups)
  precondition(weight.isContiguous && (weightGradient?.count ?? width) == width)
  precondition(weightGradient?.isContiguous ?? true)
  // SAFETY: rows have `groups * width` floats and the strides that the kernel is told; there is a
  // scale for each group.
  unsafe kernels.rms_norm_backward(
    inputGradient.base, residual?.base, outputGradient.base, Int64(stride), input.base,
    Int64(input.stride), weight.base, scale.base, weightGradient?.base, normed?.base, Int64(rows),
    Int64(groups), Int64(width))
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
