import TesseraBasics

// Means of vectors over time.
//
// Shapes: mean, values, output, vectors[j]: [count]
//
//   move toward:  mean = mean + share * (values - mean)
//   mean of k:    output = (vectors[0] + ... + vectors[k - 1]) / k, summed in Double in this order
//
// Where the values are what the mean is, both leave it bit for bit as it is: a difference of equal
// numbers is zero, and k equal floats add up exactly in Double for all k below 2^29.

/// Elements for one chunk of a parallel loop.
private let chunkSize = 1 << 15

/// Moves a mean toward values by a share of the way, 1 being all of it; the same bits for any number of
/// threads.
///
/// - Precondition: Both have the same length.
/// - Complexity: O(n) time, on all threads.
public func moveToward(_ mean: inout [Float], _ values: [Float], share: Float) {
  precondition(mean.count == values.count, "a mean has the length of its values")
  if share == 1 {
    // The whole way, without the rounding of a difference.
    mean = values
    return
  }
  let count = mean.count
  unsafe mean.withUnsafeMutableBufferPointer { mean in
    unsafe values.withUnsafeBufferPointer { values in
      guard let mean = mean.baseAddress, let values = values.baseAddress else { return }
      // SAFETY: chunks are ranges below `count`, disjoint, and the loop returns after the last one.
      nonisolated(unsafe) let (m, v) = unsafe (mean, values)
      parallelFor(0..<count, grain: chunkSize) { range in
        for i in range { unsafe m[i] += share * (v[i] - m[i]) }
      }
    }
  }
}

/// The mean of vectors of one length; the same bits for any number of threads.
///
/// - Precondition: There is a vector, and all have the same length.
/// - Complexity: O(k · n) time for k vectors, on all threads.
public func mean(of vectors: [[Float]]) -> [Float] {
  precondition(!vectors.isEmpty, "a mean is one of something")
  let count = vectors[0].count
  precondition(vectors.allSatisfy { $0.count == count }, "the vectors have one length")
  let divisor = Double(vectors.count)
  return unsafe [Float](unsafeUninitializedCapacity: count) { output, initializedCount in
    if let output = output.baseAddress {
      // SAFETY: chunks are ranges below `count`, the capacity that was asked for; they are disjoint,
      // and the loop returns after the last one.
      nonisolated(unsafe) let output = unsafe output
      parallelFor(0..<count, grain: chunkSize) { range in
        for i in range {
          var sum = 0.0
          for vector in vectors { sum += Double(vector[i]) }
          unsafe (output + i).initialize(to: Float(sum / divisor))
        }
      }
    }
    initializedCount = count
  }
}
