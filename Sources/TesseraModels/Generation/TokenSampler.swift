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
  /// The model is an encoder.
  case predictsMaskedTokens
  /// There is nothing to continue, or no room for it.
  case noStart
}

extension GenerationError: CustomStringConvertible {
  /// One sentence.
  public var description: String {
    switch self {
    case .noNumber:
      "the model's logits are not numbers; its weights hold infinities or values that are not numbers"
    case .noStart:
      "there is nothing to continue: the prompt is empty and the tokenizer has no end-of-text token, or the "
        + "model's context has no room"
    case .predictsMaskedTokens:
      "the model is an encoder, which predicts masked tokens and cannot continue a text"
    }
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
    guard let largestIndex = Self.largest(logits) else { throw .noNumber }
    if options.temperature == 0 { return Int32(largestIndex) }
    let largest = Double(logits[largestIndex])
    let weights = logits.map { $0.isNaN ? 0 : exp((Double($0) - largest) / options.temperature) }
    let limit = options.topP * weights.reduce(0, +)
    let (order, total) = Self.heaviest(of: weights, logits: logits, upTo: limit)
    var draw = random.uniform() * total
    for token in order {
      draw -= weights[token]
      if draw < 0 { return Int32(token) }
    }
    return Int32(order[order.count - 1])
  }

  /// The largest logit, the first of equals; nil where none is a number.
  private static func largest(_ logits: [Float]) -> Int? {
    var largest: Int?
    for (index, logit) in logits.enumerated() where !logit.isNaN {
      if largest.map({ logit > logits[$0] }) ?? true { largest = index }
    }
    return largest
  }

  /// The fewest tokens whose weights reach a sum, the heaviest first, and the sum of theirs.
  ///
  /// Nearly always a few hundred are enough, so those above a bound are sorted, which falls until they are.
  private static func heaviest(
    of weights: [Double], logits: [Float], upTo limit: Double
  ) -> (order: [Int], total: Double) {
    var bound = 1e-2
    while true {
      // Below the smallest weights there is nothing to look for.
      let isLast = bound < 1e-30
      var order = weights.indices.filter { isLast ? !logits[$0].isNaN : weights[$0] >= bound }
      order.sort { (logits[$1], $0) < (logits[$0], $1) }
      var total = 0.0
      var kept = 0
      while kept < order.count, kept == 0 || total < limit {
        total += weights[order[kept]]
        kept += 1
      }
      if total >= limit || isLast { return (Array(order[..<kept]), total) }
      bound *= 1e-3
    }
  }
}
