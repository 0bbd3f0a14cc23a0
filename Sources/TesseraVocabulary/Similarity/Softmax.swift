#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Weights that add up to 1, in proportion to the exponentials of values over a temperature.
///
/// The largest value is subtracted first, so that no exponential is too large for a number.
///
/// - Precondition: The temperature is above 0.
func softmax(_ values: [Double], temperature: Double) -> [Double] {
  precondition(temperature > 0, "the temperature is positive")
  guard let largest = values.max() else { return [] }
  let exponentials = values.map { exp(($0 - largest) / temperature) }
  let total = exponentials.reduce(0, +)
  return exponentials.map { $0 / total }
}
