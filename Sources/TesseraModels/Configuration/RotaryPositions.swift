import TesseraTensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Rotary position embedding: by which angles queries and keys are turned.
///
/// Component i of `width` turns by position · θ^(-2i / width), before scaling. Su et al., "RoFormer",
/// 2021, arXiv:2104.09864.
public struct RotaryPositions: Hashable, Sendable {
  /// The base θ of the frequencies.
  public var theta: Double
  /// How many components of a head are rotated, from the first on; even.
  public var width: Int
  /// How frequencies are changed for texts longer than those of pretraining.
  public var scaling: RotaryScaling

  /// Rotary positions.
  public init(theta: Double, width: Int, scaling: RotaryScaling = .none) {
    self.theta = theta
    self.width = width
    self.scaling = scaling
  }

  /// The tables for some positions.
  func table(length: Int) -> RotaryTable {
    let frequencies = rotaryFrequencies(width: width, theta: theta)
    return RotaryTable(
      length: length, frequencies: scaling.apply(to: frequencies, of: self),
      amplitude: scaling.amplitude)
  }
}

/// How rotary frequencies are changed for texts longer than those of pretraining.
public enum RotaryScaling: Hashable, Sendable {
  /// They are not.
  case none
  /// All are divided by a factor. Chen et al., 2023, arXiv:2306.15595.
  case linear(factor: Double)
  /// Low ones are divided by a factor, high ones stay, and those between are interpolated, as in Llama 3.1.
  case llama3(Llama3Scaling)
  /// The same with a ramp over components, and a factor for the attention. Peng et al., "YaRN", 2023,
  /// arXiv:2309.00071, section 3.
  case yarn(YaRNScaling)

  /// The factor of cosines and sines.
  var amplitude: Double {
    if case .yarn(let yarn) = self { yarn.amplitude } else { 1 }
  }

  /// The frequencies that positions are multiplied by.
  func apply(to frequencies: [Float], of positions: RotaryPositions) -> [Float] {
    switch self {
    case .none: frequencies
    case .linear(let factor): frequencies.map { $0 / Float(factor) }
    case .llama3(let scaling): frequencies.map(scaling.apply)
    case .yarn(let scaling): scaling.apply(to: frequencies, of: positions)
    }
  }
}

/// The numbers of Llama 3.1's scaling.
public struct Llama3Scaling: Hashable, Sendable {
  /// What low frequencies are divided by.
  public var factor: Double
  /// The turns that the lowest of the frequencies between make in the context of pretraining.
  public var lowFrequencyFactor: Double
  /// Those of the highest.
  public var highFrequencyFactor: Double
  /// The context of pretraining, in tokens.
  public var originalContextLength: Int

  /// A scaling.
  public init(
    factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double,
    originalContextLength: Int
  ) {
    self.factor = factor
    self.lowFrequencyFactor = lowFrequencyFactor
    self.highFrequencyFactor = highFrequencyFactor
    self.originalContextLength = originalContextLength
  }

  func apply(to frequency: Float) -> Float {
    let frequency = Double(frequency)
    let turns = Double(originalContextLength) * frequency / (2 * .pi)
    if turns < lowFrequencyFactor { return Float(frequency / factor) }
    if turns > highFrequencyFactor { return Float(frequency) }
    let share = (turns - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor)
    return Float((1 - share) * frequency / factor + share * frequency)
  }
}

/// The numbers of YaRN.
public struct YaRNScaling: Hashable, Sendable {
  /// What low frequencies are divided by.
  public var factor: Double
  /// The factor of cosines and sines.
  public var amplitude: Double
  /// Components that turn more often in the context of pretraining stay; 32 in the paper.
  public var fastTurns: Double
  /// Components that turn less often are divided by the factor; 1 in the paper.
  public var slowTurns: Double
  /// The context of pretraining, in tokens.
  public var originalContextLength: Int
  /// Whether the ends of the ramp are whole components.
  public var roundsEnds: Bool

  /// A scaling.
  public init(
    factor: Double, amplitude: Double, fastTurns: Double = 32, slowTurns: Double = 1,
    originalContextLength: Int, roundsEnds: Bool = true
  ) {
    self.factor = factor
    self.amplitude = amplitude
    self.fastTurns = fastTurns
    self.slowTurns = slowTurns
    self.originalContextLength = originalContextLength
    self.roundsEnds = roundsEnds
  }

  /// The amplitude that the paper recommends for a factor, 0.1 ln s + 1; `share` scales the logarithm.
  static func amplitude(factor: Double, share: Double = 1) -> Double {
    factor <= 1 ? 1 : 0.1 * share * log(factor) + 1
  }

  func apply(to frequencies: [Float], of positions: RotaryPositions) -> [Float] {
    /// The component that makes a number of turns in the context of pretraining.
    func component(turning turns: Double) -> Double {
      Double(positions.width) * log(Double(originalContextLength) / (turns * 2 * .pi))
        / (2 * log(positions.theta))
    }
    var low = component(turning: fastTurns)
    var high = component(turning: slowTurns)
    if roundsEnds { (low, high) = (low.rounded(.down), high.rounded(.up)) }
    (low, high) = (max(low, 0), min(high, Double(positions.width - 1)))
    // As in transformers, so that there is a ramp.
    if low == high { high += 0.001 }
    return frequencies.enumerated().map { index, frequency in
      let share = min(max((Double(index) - low) / (high - low), 0), 1)
      return Float(Double(frequency) * (share / factor + (1 - share)))
    }
  }
}
