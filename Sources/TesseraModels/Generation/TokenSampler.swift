import TesseraBasics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How the next token is drawn.
public struct SamplingOptions: Hashable, Sendable {
  /// Divides the logits; 0 takes the most likely token. 0.8 keeps small models on track.
  public var temperature: Double
  /// Draws among the fewest tokens whose probabilities reach this sum; 1 means all.
  ///
  /// Holtzman et al., "The Curious Case of Neural Text Degeneration", 2019, arXiv:1904.09751,
  /// section 3.1, which recommends 0.95.
  public var topP: Double
  /// The seed of the draws.
  public var seed: UInt64

  /// Options.
  ///
  /// - Precondition: The temperature is not negative, and `topP` is above 0 and at most 1.
  public init(temperature: Double = 0.8, topP: Double = 0.95, seed: UInt64 = 0) {
    precondition(temperature >= 0, "a temperature is not negative")
    precondition(topP > 0 && topP <= 1, "top-p is above 0 and at most 1")
    self.temperature = temperature
    self.topP = topP
    self.seed = seed
  }
}

/// Draws tokens from logits; the same tokens for the same seed and logits.
public struct TokenSampler: Sendable {
  private let options: SamplingOptions
  private var random: SplitMix64

  /// A sampler at the start of its seed's sequence.
  public init(_ options: SamplingOptions) {
    self.options = options
    self.random = SplitMix64(seed: options.seed)
  }

  /// The next token.
  ///
  /// Ties go to the smaller token. Logits that are not numbers are never drawn.
  ///
  /// - Precondition: There is a logit that is a number.
  public mutating func next(_ logits: [Float]) -> Int32 {
    var order = logits.indices.filter { !logits[$0].isNaN }
    precondition(!order.isEmpty, "there must be a token to draw")
    if options.temperature == 0 {
      return Int32(order.max { (logits[$0], $1) < (logits[$1], $0) }!)
    }
    order.sort { (logits[$1], $0) < (logits[$0], $1) }
    let largest = Double(logits[order[0]])
    let weights = order.map { exp((Double(logits[$0]) - largest) / options.temperature) }
    let limit = options.topP * weights.reduce(0, +)
    var kept = 0
    var total = 0.0
    while kept < weights.count, kept == 0 || total < limit {
      total += weights[kept]
      kept += 1
    }
    var draw = random.uniform() * total
    for (token, weight) in zip(order[..<kept], weights) {
      draw -= weight
      if draw < 0 { return Int32(token) }
    }
    return Int32(order[kept - 1])
  }
}
