/// The gradient of a function of many numbers, by central differences.
///
/// The error is about the third derivative times the square of `step`, plus 1e-16 over `step`: with
/// the default, some ten digits for functions of ordinary size.
///
/// - Parameters:
///   - point: Where the gradient is wanted.
///   - step: How far each number is moved, both ways.
///   - function: The function.
/// - Returns: One derivative for each number.
public func centralDifferences(
  at point: [Double], step: Double = 1e-5, of function: ([Double]) -> Double
) -> [Double] {
  var moved = point
  return point.indices.map { index in
    moved[index] = point[index] + step
    let up = function(moved)
    moved[index] = point[index] - step
    let down = function(moved)
    moved[index] = point[index]
    return (up - down) / (2 * step)
  }
}

/// The sum of products: a function of a vector that has `weights` as its gradient.
public func dot(_ weights: [Double], _ values: [Double]) -> Double {
  zip(weights, values).reduce(0) { $0 + $1.0 * $1.1 }
}
