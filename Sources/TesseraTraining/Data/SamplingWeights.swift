#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The weights of sources by their sizes: proportional to size^(1 / temperature), and 1 in sum.
///
/// At a temperature of 1 every text is read equally often; the higher it is, the more of a run small
/// sources get, up to equal shares for all of them at an infinite one.
///
///     samplingWeights(sizes: [900, 100], temperature: 1)    // [0.9, 0.1]
///     samplingWeights(sizes: [900, 100], temperature: 2)    // [0.75, 0.25]
///
/// Devlin's multilingual BERT, 2018; Conneau and Lample, 2019, arXiv:1901.07291, section 3.1, with an
/// exponent of 1 / temperature; gpt-neox' `weighted_sampler_alpha` is that exponent too.
///
/// - Precondition: There is a size, and sizes and the temperature are positive.
public func samplingWeights(sizes: [Int], temperature: Double) -> [Double] {
  precondition(!sizes.isEmpty && sizes.allSatisfy { $0 > 0 }, "sources have a size")
  precondition(temperature > 0, "a temperature is positive")
  let largest = Double(sizes.max() ?? 1)
  let weights = sizes.map {
    temperature == 1 ? Double($0) / largest : pow(Double($0) / largest, 1 / temperature)
  }
  let sum = weights.reduce(0, +)
  return weights.map { $0 / sum }
}
