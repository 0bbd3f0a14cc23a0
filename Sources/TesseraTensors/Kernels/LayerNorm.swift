import CTesseraKernels

// Layer normalization.
//
// Shapes, row-major:   input, output: [rows, width]   weight, bias: [1, width]
//                      scale, mean: [1, rows]
//
//   mean[r]      = mean over j of input[r, j]
//   scale[r]     = 1 / sqrt(mean over j of (input[r, j] - mean[r])^2 + epsilon)
//   output[r, i] = (input[r, i] - mean[r]) * scale[r] * weight[i] + bias[i]
//
// Backward, with d the gradient of the output and n = (input - mean) * scale:
//
//   dx[r, i] = scale[r] * (d[r, i] w[i] - mean over j of d[r, j] w[j]
//                          - n[r, i] * mean over j of d[r, j] w[j] n[r, j])
//   dw[i]   += sum over r of d[r, i] n[r, i]        dbias[i] += sum over r of d[r, i]
//
// Ba, Kiros and Hinton, "Layer Normalization", 2016, arXiv:1607.06450, equation 4.

/// Normalizes the rows of `input`; `scale` and `mean` keep what the backward pass needs.
package func layerNorm(
  into output: Matrix, scale: Matrix, mean: Matrix, input: Matrix, weight: Matrix, bias: Matrix,
  epsilon: Float
) {
  let (rows, width) = (input.rowCount, input.columnCount)
  precondition(output.rowCount == rows && output.columnCount == width)
  precondition(weight.count == width && bias.count == width)
  precondition(scale.count == rows && mean.count == rows)
  for matrix in [input, output, scale, mean, weight, bias] { precondition(matrix.isContiguous) }
  // SAFETY: all views are contiguous and have the sizes that the kernel is told.
  unsafe kernels.layer_norm(
    output.base, scale.base, mean.base, input.base, weight.base, bias.base, Int64(rows),
    Int64(width), epsilon)
}

/// Adds the gradient of ``layerNorm(into:scale:mean:input:weight:bias:epsilon:)`` to `residual`, if
/// there is one.
///
/// `inputGradient` may be the same memory as `residual` or `outputGradient`. The gradients of weight
/// and bias are added to, if wanted; the forward output is computed once more into `normed`, if wanted.
package func layerNormBackward(
  into inputGradient: Matrix, residual: Matrix?, outputGradient: Matrix, input: Matrix,
  weight: Matrix, bias: Matrix, scale: Matrix, mean: Matrix,
  parameterGradients: (weight: Matrix, bias: Matrix)?, normed: Matrix?
) {
  let (rows, width) = (input.rowCount, input.columnCount)
  for matrix in [inputGradient, residual ?? input, outputGradient, normed ?? input, input] {
    precondition(
      matrix.rowCount == rows && matrix.columnCount == width && matrix.isContiguous,
      "all rows have one shape")
  }
  precondition(scale.isContiguous && scale.count == rows)
  precondition(mean.isContiguous && mean.count == rows)
  let vectors = [
    weight, bias, parameterGradients?.weight ?? weight, parameterGradients?.bias ?? bias,
  ]
  for vector in vectors { precondition(vector.count == width && vector.isContiguous) }
  // SAFETY: all views are contiguous and have the sizes that the kernel is told; the gradients of
  // weight and bias are both there or neither.
  unsafe kernels.layer_norm_backward(
    inputGradient.base, residual?.base, outputGradient.base, input.base, weight.base, bias.base,
    scale.base, mean.base, parameterGradients?.weight.base, parameterGradients?.bias.base,
    normed?.base, Int64(rows), Int64(width))
}

/// The norm in Double, from its definition.
package func layerNormReference(
  input: [Double], weight: [Double], bias: [Double], epsilon: Double
) -> [Double] {
  let width = weight.count
  var output = input
  for row in 0..<input.count / width {
    let range = row * width..<(row + 1) * width
    let mean = input[range].reduce(0, +) / Double(width)
    let variance = input[range].reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
    for (i, column) in range.enumerated() {
      output[column] =
        (input[column] - mean) / (variance + epsilon).squareRoot() * weight[i] + bias[i]
    }
  }
  return output
}
