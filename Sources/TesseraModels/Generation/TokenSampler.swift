import TesseraBasics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What stops a model from continuing a text.
public enum GenerationError: Error, Hashable, Sendable {
  /// None of the model's logits is a number.
  case noNumber
}

extension GenerationError: CustomStringConvertible {
  /// One sentence.
  public var description: String {
    "the model's logits are not numbers; its weights hold infinities or values that are not numbers"
  }
}

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
  /// - Throws: ``GenerationError/noNumber`` where no logit is a number.
  public mutating func next(_ logits: [Float]) throws(GenerationError) -> Int32 {
    var order = logits.indices.filter { !logits[$0].isNaN }
    if order.isEmpty { throw .noNumber }
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
