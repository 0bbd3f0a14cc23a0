// The projection of a vector on the probability simplex: like a softmax, but most weights are zero.
//
//   sparsemax(z) = argmin over p on the simplex of || p - z ||^2 = max(0, z - tau)
//
// with tau such that the weights add up to 1. The support is found as Michelot does: from the mean of all
// that could be in it, what is below leaves, until nothing does. Components that are 1 or more below the
// largest cannot be in it.
//
// Martins and Astudillo, "From Softmax to Sparsemax", 2016, arXiv:1602.02068; Michelot, "A Finite
// Algorithm for Finding the Projection of a Point onto the Canonical Simplex of R^n", 1986,
// doi:10.1007/BF00938486.

/// The weights of a sparsemax that are not zero.
struct Sparsemax: Sendable {
  /// The indices with a weight, in ascending order.
  private(set) var indices: [Int] = []
  /// Their weights, which add up to 1.
  private(set) var weights: [Double] = []

  /// Projects values that are divided by a temperature.
  ///
  /// - Parameters:
  ///   - values: The values, all finite.
  ///   - temperature: Small for few weights, large for many.
  /// - Precondition: There are values, and the temperature is above 0.
  /// - Complexity: O(n) time for each round, of which there are a dozen at most in practice.
  init(_ values: Span<Float>, temperature: Double = 1) {
    precondition(!values.isEmpty && temperature > 0, "there is something to project")
    var largest = values[0]
    for i in values.indices { largest = max(largest, values[i]) }
    let bound = Float(Double(largest) - temperature).nextDown
    for i in values.indices where values[i] >= bound {
      indices.append(i)
      // Relative to the largest, so that large values lose no digits.
      weights.append((Double(values[i]) - Double(largest)) / temperature)
    }
    var threshold = -Double.infinity
    while true {
      threshold = (weights.reduce(0, +) - 1) / Double(weights.count)
      var kept = 0
      for i in weights.indices where weights[i] > threshold {
        (indices[kept], weights[kept]) = (indices[i], weights[i])
        kept += 1
      }
      // The largest is above every threshold, so one is left.
      if kept == weights.count { break }
      indices.removeSubrange(kept...)
      weights.removeSubrange(kept...)
    }
    for i in weights.indices { weights[i] -= threshold }
  }
}

/// The projection by its definition, with sorted values; all weights, in the order of the values.
func sparsemaxReference(_ values: [Double]) -> [Double] {
  let sorted = values.sorted(by: >)
  var sum = 0.0
  var threshold = 0.0
  for (k, value) in sorted.enumerated() {
    sum += value
    if 1 + Double(k + 1) * value > sum { threshold = (sum - 1) / Double(k + 1) }
  }
  return values.map { max(0, $0 - threshold) }
}
