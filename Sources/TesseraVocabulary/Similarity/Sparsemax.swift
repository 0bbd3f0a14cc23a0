// The projection of a vector on the probability simplex: like a softmax, but most weights are zero.
//
//   sparsemax(z) = argmin over p on the simplex of || p - z ||^2 = max(0, z - tau)
//
// with tau such that the weights add up to 1. Michelot finds the support of some values from the mean of
// all: what is below leaves, until nothing does. The tau of a part of the values is never above that of
// all, so values are gone through once, in parts: what is not above the tau so far is passed over, and each
// time that twice as many are kept as last time, tau is found again, and what is below leaves. Components
// that are 1 or more below the largest cannot be in the support.
//
// Martins and Astudillo, "From Softmax to Sparsemax", 2016, arXiv:1602.02068; Michelot, "A Finite
// Algorithm for Finding the Projection of a Point onto the Canonical Simplex of R^n", 1986,
// doi:10.1007/BF00938486. Condat, "Fast Projection onto the Simplex and the l1
// Ball", 2016, doi:10.1007/s10107-015-0946-6, has the bound that rises as values come.

internal import TesseraTensors

/// The weights of a sparsemax that are not zero.
struct Sparsemax: Sendable {
  /// The indices with a weight, in ascending order.
  let indices: [Int]
  /// Their weights, which add up to 1.
  let weights: [Double]

  /// Projects values that are divided by a temperature.
  ///
  /// - Parameters:
  ///   - values: The values, all finite.
  ///   - temperature: Small for few weights, large for many.
  /// - Precondition: There are values, and the temperature is above 0.
  /// - Complexity: O(n) time on average; memory for about twice the support, unless values ascend.
  init(_ values: Span<Float>, temperature: Double = 1) {
    precondition(!values.isEmpty && temperature > 0, "there is something to project")
    var largest = values[0]
    forEachIndex(in: values, above: { largest }) { largest = values[$0] }
    // Relative to the largest, so that large values lose no digits.
    let origin = Double(largest)
    var candidates = Candidates()
    var bound = Float(origin - temperature).nextDown
    var room = 64
    forEachIndex(in: values, above: { bound }) { index in
      candidates.indices.append(index)
      candidates.values.append((Double(values[index]) - origin) / temperature)
      if candidates.indices.count >= room {
        bound = max(bound, Float(origin + candidates.cut() * temperature).nextDown)
        room = 2 * candidates.indices.count + 64
      }
    }
    let threshold = candidates.cut()
    // Arrays of just this size: a search keeps thousands of results.
    indices = candidates.indices.map { $0 }
    weights = candidates.values.map { $0 - threshold }
  }

  /// Values that can be in the support, with their indices.
  private struct Candidates {
    var indices: [Int] = []
    var values: [Double] = []

    /// Drops what is not in the support of these values, and returns their tau.
    mutating func cut() -> Double {
      while true {
        let threshold = (values.reduce(0, +) - 1) / Double(values.count)
        var kept = 0
        for i in values.indices where values[i] > threshold {
          (indices[kept], values[kept]) = (indices[i], values[i])
          kept += 1
        }
        // The largest is above every threshold, so one is left.
        if kept == values.count { return threshold }
        indices.removeSubrange(kept...)
        values.removeSubrange(kept...)
      }
    }
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
