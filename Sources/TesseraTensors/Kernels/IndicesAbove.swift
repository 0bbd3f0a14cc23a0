import CTesseraKernels

/// Values that are looked at together.
private let blockSize = 1_024

/// Calls the body for each value above a bound that may grow, in the order of the indices.
///
/// Values below the bound cost next to nothing.
package func forEachIndex(
  in values: Span<Float>, above bound: () -> Float, _ body: (Int) -> Void
) {
  unsafe values.withUnsafeBufferPointer { values in
    unsafe withUnsafeTemporaryAllocation(of: Int32.self, capacity: blockSize) { found in
      guard let base = values.baseAddress, let indices = found.baseAddress else { return }
      for start in stride(from: 0, to: values.count, by: blockSize) {
        let size = min(blockSize, values.count - start)
        // SAFETY: so many values follow, and there is room for as many indices.
        let count = unsafe kernels.indices_above(indices, base + start, Int64(size), bound())
        for i in 0..<Int(count) {
          let index = unsafe start + Int(indices[i])
          // The bound may have grown since.
          if unsafe values[index] > bound() { body(index) }
        }
      }
    }
  }
}
