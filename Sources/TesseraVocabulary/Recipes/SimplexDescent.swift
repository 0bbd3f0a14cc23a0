internal import TesseraTensors

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// The weights of a convex combination for which a sum of logistic losses is small.
///
///   minimize over w >= 0, sum w = 1:   f(w) = sum over i of factor[i] * softplus(sign[i] * (G w)[i])
///
///   G: [losses, weights], row-major
///
/// `sign` is -1 where the product should be large, and 1 where it should be small. The problem is
/// convex, and is solved by mirror descent with the entropy as distance: each step multiplies weights
/// by exp(-rate * gradient) and scales them back to a sum of 1, so they are never negative. The rate is
/// 1 / L with L = max |G|² * sum of factors / 4, a bound of the second derivative in the 1-norm, for which
/// no step ever raises f.
///
/// Beck and Teboulle, "Mirror descent and nonlinear projected subgradient methods for convex
/// optimization", 2003; exponentiated gradient of Kivinen and Warmuth, 1997.
struct SimplexDescent {
  /// `[losses, weights]`.
  let products: [Float]
  /// The weight of each loss, above 0.
  let factors: [Double]
  /// -1 or 1 for each loss.
  let signs: [Double]

  /// The weights after some steps.
  ///
  /// - Parameters:
  ///   - start: The weights to start from: above 0, with a sum of 1. One that is 0 stays 0.
  ///   - stepCount: How many steps.
  /// - Complexity: O(stepCount * losses * weights) time.
  func weights(from start: [Double], stepCount: Int) -> [Double] {
    let count = start.count
    guard count > 0, !factors.isEmpty else { return start }
    // Comparisons pass over what is not a number.
    guard products.allSatisfy(\.isFinite) else { return start }
    let largest = products.reduce(0) { Swift.max($0, abs($1)) }
    let curvature = Double(largest) * Double(largest) * factors.reduce(0, +) / 4
    guard curvature > 0, curvature.isFinite else { return start }
    var weights = start
    for _ in 0..<stepCount {
      let scores = product(products, weights.map { Float($0) }, inner: count)
      var slopes = [Float](repeating: 0, count: factors.count)
      for i in slopes.indices {
        slopes[i] = Float(factors[i] * signs[i] / (1 + exp(-signs[i] * Double(scores[i]))))
      }
      let gradient = product(slopes, products, inner: factors.count)
      let smallest = Double(gradient.min() ?? 0)
      var total = 0.0
      for k in 0..<count {
        weights[k] *= exp((smallest - Double(gradient[k])) / curvature)
        total += weights[k]
      }
      for k in 0..<count { weights[k] /= total }
    }
    return weights
  }

  /// The loss of some weights, for tests and records.
  func loss(of weights: [Double]) -> Double {
    let scores = product(products, weights.map { Float($0) }, inner: weights.count)
    return factors.indices.reduce(0) { sum, i in
      let x = signs[i] * Double(scores[i])
      return sum + factors[i] * (Swift.max(x, 0) + log(1 + exp(-abs(x))))
    }
  }
}
