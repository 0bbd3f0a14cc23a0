import CTesseraKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

// The Gaussian error linear unit, and its approximation by a hyperbolic tangent.
//
// Shapes, row-major:   output, hidden: [rows, width]   input: [rows, width], or [rows, 2 * width] where
//                      it is gated, gates first
//
//   gelu(x)     = x * P(X < x) for a normal X
//   geluTanh(x) = x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))) / 2
//
//   output[r, i] = f(input[r, i]), or f(gate[r, i]) * up[r, i]
//
// Backward, with d the gradient of the output:   dinput = d * f'(input);   dgate = d * up * f'(gate),
// dup = d * f(gate)
//
// Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016, arXiv:1606.08415, section 2.

/// Which of the two functions.
package enum GELUVariant: Hashable, Sendable {
  /// By the distribution function of the normal distribution.
  case exact
  /// The approximation by a hyperbolic tangent, which GPT-2 and Gemma are trained with.
  case tanh
}

/// Applies the function to each row, or gates each row with it.
package func gelu(into output: Matrix, input: Matrix, variant: GELUVariant, gated: Bool) {
  checkShapes(output, input, gated: gated)
  let (rows, width) = (Int64(output.rowCount), Int64(output.columnCount))
  // SAFETY: both views are contiguous and have the sizes that the kernels are told.
  switch (variant, gated) {
  case (.exact, false): unsafe kernels.gelu(output.base, input.base, rows, width)
  case (.exact, true): unsafe kernels.gated_gelu(output.base, input.base, rows, width)
  case (.tanh, false): unsafe kernels.gelu_tanh(output.base, input.base, rows, width)
  case (.tanh, true): unsafe kernels.gated_gelu_tanh(output.base, input.base, rows, width)
  }
}

/// Turns activations into gradients in place.
///
/// `hidden` holds the gradient of the output and receives the forward output, which the gradient
/// of the next matrix needs; `input` holds the activations and receives their gradients.
package func geluBackward(hidden: Matrix, input: Matrix, variant: GELUVariant, gated: Bool) {
  checkShapes(hidden, input, gated: gated)
  let (rows, width) = (Int64(hidden.rowCount), Int64(hidden.columnCount))
  // SAFETY: both views are contiguous and have the sizes that the kernels are told.
  switch (variant, gated) {
  case (.exact, false): unsafe kernels.gelu_backward(hidden.base, input.base, rows, width)
  case (.exact, true): unsafe kernels.gated_gelu_backward(hidden.base, input.base, rows, width)
  case (.tanh, false): unsafe kernels.gelu_tanh_backward(hidden.base, input.base, rows, width)
  case (.tanh, true): unsafe kernels.gated_gelu_tanh_backward(hidden.base, input.base, rows, width)
  }
}

private func checkShapes(_ output: Matrix, _ input: Matrix, gated: Bool) {
  precondition(input.rowCount == output.rowCount)
  precondition(input.columnCount == (gated ? 2 : 1) * output.columnCount)
  precondition(input.isContiguous && output.isContiguous)
}

/// The function in Double, from its definition.
package func geluReference(_ x: Double, variant: GELUVariant) -> Double {
  switch variant {
  case .exact: x * erfc(-x / 2.0.squareRoot()) / 2
  case .tanh: x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x))) / 2
  }
}
