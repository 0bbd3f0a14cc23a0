import CTesseraKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

// The gated activation of the feed-forward block.
//
// Shapes, row-major:   output, hidden: [rows, width]   gateUp: [rows, 2 * width], gates first
//
//   output[r, i] = silu(gate[r, i]) * up[r, i]     silu(g) = g / (1 + e^-g)
//
// Backward, with d the gradient of the output and s = 1 / (1 + e^-g):
//
//   dgate = d * up * (s + g s (1 - s))     dup = d * g s
//
// Shazeer, "GLU Variants Improve Transformer", 2020, arXiv:2002.05202, section 2.

/// Applies the activation to each row.
package func swiGLU(into output: Matrix, gateUp: Matrix) {
  precondition(gateUp.rowCount == output.rowCount)
  precondition(gateUp.columnCount == 2 * output.columnCount)
  precondition(gateUp.isContiguous && output.isContiguous)
  // SAFETY: both views are contiguous and have the sizes that the kernel is told.
  unsafe kernels.swiglu(
    output.base, gateUp.base, Int64(output.rowCount), Int64(output.columnCount))
}

/// Turns activations into gradients in place.
///
/// `hidden` holds the gradient of the output and receives the forward output, which the gradient
/// of the next matrix needs; `gateUp` holds the activations and receives their gradients.
package func swiGLUBackward(hidden: Matrix, gateUp: Matrix) {
  precondition(gateUp.rowCount == hidden.rowCount)
  precondition(gateUp.columnCount == 2 * hidden.columnCount)
  precondition(gateUp.isContiguous && hidden.isContiguous)
  // SAFETY: both views are contiguous and have the sizes that the kernel is told.
  unsafe kernels.swiglu_backward(
    hidden.base, gateUp.base, Int64(hidden.rowCount), Int64(hidden.columnCount))
}

/// The activation in Double, from its definition.
package func swiGLUReference(gateUp: [Double], width: Int) -> [Double] {
  var output: [Double] = []
  for row in 0..<gateUp.count / (2 * width) {
    for i in 0..<width {
      let gate = gateUp[row * 2 * width + i]
      output.append(gate / (1 + exp(-gate)) * gateUp[row * 2 * width + width + i])
    }
  }
  return output
}
