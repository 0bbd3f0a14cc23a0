import ArgumentParser

/// The most new tokens of a model, the most that are generated, and the like: more than any vocabulary
/// or context of today has, and few enough for sums and products with them to be numbers.
let tokenCountLimit = 1 << 20

/// Refuses a number outside of a range; nil is an option that was not given.
func checkRange(_ name: String, _ value: Int?, _ range: ClosedRange<Int>) throws {
  guard let value, !range.contains(value) else { return }
  if value < range.lowerBound {
    throw ValidationError("\(name) must be at least \(range.lowerBound), not \(value)")
  }
  throw ValidationError("\(name) must be at most \(range.upperBound), not \(value)")
}
