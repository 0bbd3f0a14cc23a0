import CTesseraKernels
import TesseraBasics

/// Floats per partial sum; the partial sums are added in index order.
private let chunkSize = 1 << 15

/// The sum of squares, for the norm of a gradient; the same bits for any number of threads.
///
/// - Complexity: O(n) time, on all threads.
public func sumOfSquares(_ values: Span<Float>) -> Double {
  let count = values.count
  return unsafe values.withUnsafeBufferPointer { buffer in
    // SAFETY: chunks are ranges below `count`, and the map returns after the last one.
    nonisolated(unsafe) let address = buffer.baseAddress
    let partial = parallelMap((count + chunkSize - 1) / chunkSize) { chunk in
      guard let base = unsafe address else { return 0.0 }
      let start = chunk * chunkSize
      return unsafe kernels.sum_of_squares(
        base + start, Int64(min(chunkSize, count - start)))
    }
    return partial.reduce(0, +)
  }
}
