import CTesseraKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

// Soft-capping: scores and logits that never leave -cap...cap.
//
//   capped = cap * tanh(factor * value / cap)      dvalue = dcapped * factor * (1 - (capped / cap)^2)
//
// Gemma Team, "Gemma 2", 2024, arXiv:2408.00118, section 2.

/// Caps every element in place.
package func softCap(_ values: Matrix, factor: Float = 1, cap: Float) {
  // SAFETY: sizes and stride are those of the view.
  unsafe kernels.soft_cap(
    values.base, Int64(values.stride), Int64(values.rowCount), Int64(values.columnCount), factor,
    cap)
}

/// Turns the gradient of capped values into that of the values, in place.
package func softCapBackward(_ gradient: Matrix, capped: Matrix, factor: Float = 1, cap: Float) {
  precondition(gradient.rowCount == capped.rowCount && gradient.columnCount == capped.columnCount)
  precondition(gradient.stride == capped.stride, "both have one stride")
  // SAFETY: sizes and stride are those of both views.
  unsafe kernels.soft_cap_backward(
    gradient.base, capped.base, Int64(gradient.stride), Int64(gradient.rowCount),
    Int64(gradient.columnCount), factor, cap)
}

/// The function in Double, from its definition.
package func softCapReference(_ value: Double, cap: Double?) -> Double {
  cap.map { $0 * tanh(value / $0) } ?? value
}
