/// A small, fast random number generator whose whole state is one 64-bit number.
///
/// For everything that wants reproducible numbers: initial weights, sampling, orders of data, test
/// inputs. Not for secrets. The same seed gives the same numbers on every machine, those of
/// ``normal()`` included, which are computed without the C library's logarithm.
///
///     var random = SplitMix64(seed: 1)
///     random.below(6) + 1                      // a die
///     var row = SplitMix64(seed: 1, stream: 7) // numbers for row 7, whatever came before
///
/// Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014,
/// doi:10.1145/2660193.2660195, with the mixing constants of variant 13 of Stafford.
public struct SplitMix64: RandomNumberGenerator, Hashable, Sendable {
  /// All there is to save and restore.
  public var state: UInt64

  /// A generator that starts at `seed`.
  public init(seed: UInt64) { state = seed }

  /// One of many generators of a seed, for work that is split by an index.
  ///
  /// Each starts at a place of the common cycle of 2^64 that is a hash of the two numbers.
  public init(seed: UInt64, stream: UInt64) {
    state = SplitMix64.mix(
      SplitMix64.mix(seed &+ SplitMix64.increment) ^ (stream &* 0xD1B5_4A32_D192_ED03))
  }

  private static let increment: UInt64 = 0x9E37_79B9_7F4A_7C15

  private static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// 64 random bits.
  public mutating func next() -> UInt64 {
    state &+= SplitMix64.increment
    return SplitMix64.mix(state)
  }

  /// A number in [0, 1), a multiple of 2^-53.
  public mutating func uniform() -> Double {
    Double(next() >> 11) * 0x1p-53
  }

  /// A number from the normal distribution with mean 0 and variance 1.
  ///
  /// Marsaglia and Bray, "A Convenient Method for Generating Normal Variables", 1964. The second
  /// number that the method gives is dropped, so that the state stays one number.
  public mutating func normal() -> Double {
    while true {
      let x = 2 * uniform() - 1
      let y = 2 * uniform() - 1
      let s = x * x + y * y
      if s > 0, s < 1 { return x * (-2 * naturalLogarithm(s) / s).squareRoot() }
    }
  }

  /// A number in 0..<`bound`, each equally likely.
  ///
  /// Lemire, "Fast Random Integer Generation in an Interval", 2019, arXiv:1805.10941.
  ///
  /// - Precondition: `bound` is positive.
  public mutating func below(_ bound: Int) -> Int {
    precondition(bound > 0, "the bound is positive")
    let range = UInt64(bound)
    var product = next().multipliedFullWidth(by: range)
    if product.low < range {
      let threshold = (0 &- range) % range
      while product.low < threshold { product = next().multipliedFullWidth(by: range) }
    }
    return Int(product.high)
  }
}

/// The logarithm of a positive normal number, within 2 units in the last place.
///
/// With x = m · 2^e and m in [√½, √2): ln x = e ln 2 + 2 artanh((m - 1) / (m + 1)). Sums, products
/// and quotients alone, so that every machine gives the same bits; C libraries differ.
package func naturalLogarithm(_ x: Double) -> Double {
  var exponent = Double(x.exponent)
  var significand = x.significand
  if significand > 1.414_213_562_373_095_1 {
    significand *= 0.5
    exponent += 1
  }
  let t = (significand - 1) / (significand + 1)
  let square = t * t
  var series = 0.0
  // 1/(2k + 1) t^2k; |t| is at most 0.1716, so the first term left out is below 1e-18.
  for divisor in stride(from: 23.0, through: 3.0, by: -2.0) {
    series = (series + 1 / divisor) * square
  }
  return exponent * 0.693_147_180_559_945_3 + 2 * (t + t * series)
}
