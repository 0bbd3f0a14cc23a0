import CTesseraKernels

/// The inner product of two spans in double precision; the same bits on every processor.
///
/// - Precondition: The spans have the same length.
package func innerProduct(_ a: Span<Float>, _ b: Span<Float>) -> Double {
  precondition(a.count == b.count, "both have the same length")
  return unsafe a.withUnsafeBufferPointer { a in
    unsafe b.withUnsafeBufferPointer { b in
      guard let x = a.baseAddress, let y = b.baseAddress else { return 0 }
      // SAFETY: both have so many floats.
      return unsafe kernels.double_dot(x, y, Int64(a.count))
    }
  }
}
