import TesseraBasics

/// Weights that a run can be judged by, and leave.
public enum WeightKind: String, CaseIterable, Hashable, Sendable {
  /// Those that the steps move.
  case trained
  /// Their moving average, ``MovingAverageOptions``.
  case ema
  /// The mean of the latest copies, ``LatestAverageOptions``.
  case lawa
}

extension WeightKind {
  /// What follows "the weights after step 7" in a sentence.
  var phrase: String {
    switch self {
    case .trained: ""
    case .ema: ", as a moving average over the steps until then"
    case .lawa: ", as a mean of the latest copies"
    }
  }
}

/// A mean of the weights after all steps, in which each step counts less than the next by a factor: a
/// shadow of the training, which goes on as if there were none.
///
/// After update t, with weights θ: e ← e + g(t) · (θ - e), where the gain g is by ``Start``.
public struct MovingAverageOptions: Hashable, Sendable {
  /// How the mean begins.
  public enum Start: String, CaseIterable, Hashable, Sendable {
    /// Corrected for having begun at zero, as the moments of Adam are: g(t) = (1 - d) / (1 - d^t). The
    /// weights before the first step have no part in it.
    case corrected
    /// From the weights before the first step, with a decay that rises to d:
    /// g(t) = 1 - min(d, (1 + t) / (10 + t)), as in TensorFlow's `ExponentialMovingAverage`.
    case warmup
    /// From the weights before the first step: g(t) = 1 - d.
    case initial
  }

  /// The decay d: what a step counts of the next one.
  public var decay: Double
  /// How the mean begins.
  public var start: Start

  /// Creates options.
  ///
  /// - Precondition: The decay is at least 0 and below 1.
  public init(decay: Double, start: Start = .corrected) {
    precondition(decay >= 0 && decay < 1, "a decay is at least 0 and below 1")
    self.decay = decay
    self.start = start
  }

  /// The share of the way to the new weights, for the update of a number from 1.
  func gain(atUpdate t: Int) -> Double {
    switch start {
    case .initial: 1 - decay
    case .warmup: 1 - min(decay, (1 + Double(t)) / (10 + Double(t)))
    case .corrected:
      // 1 - d^t as a sum of no cancelling terms: 1 - d^t = (1 - d) · (1 + d + ... + d^(t-1)).
      1 / Self.geometricSum(decay, count: t)
    }
  }

  /// 1 + r + r² + … of so many terms, by squaring, with additions of positive numbers alone.
  ///
  /// - Complexity: O(log count).
  private static func geometricSum(_ ratio: Double, count: Int) -> Double {
    var (sum, power) = (0.0, 1.0)
    // What 2^j terms add up to, and r to the power of 2^j.
    var (blockSum, blockPower) = (1.0, ratio)
    var left = count
    while left > 0 {
      if left & 1 == 1 {
        sum += power * blockSum
        power *= blockPower
      }
      blockSum += blockPower * blockSum
      blockPower *= blockPower
      left >>= 1
    }
    return sum
  }

  var record: JSONValue {
    .object(["decay": .init(decay), "start": .string(start.rawValue)])
  }
}

/// Slow weights that go a share of the way to the trained ones every so many steps, from where these
/// then go on.
///
/// With an interval of 1 that is a learning rate times the share; moments stay as they are.
///
/// Zhang et al., "Lookahead Optimizer: k steps forward, 1 step back", 2019, arXiv:1907.08610,
/// algorithm 1. The "EMA" of Elhady et al., 2025, arXiv:2506.00288, is the same with a share of 0.08.
public struct LookaheadOptions: Hashable, Sendable {
  /// The steps from one time to the next, k.
  public var interval: Int
  /// The share of the way, α.
  public var share: Double

  /// Creates options; the defaults are those of the paper.
  ///
  /// - Precondition: The interval is positive, and the share above 0 and at most 1.
  public init(interval: Int = 5, share: Double = 0.5) {
    precondition(interval > 0 && share > 0 && share <= 1)
    self.interval = interval
    self.share = share
  }

  var record: JSONValue { .object(["interval": .init(interval), "share": .init(share)]) }
}

/// The mean of the latest copies of the weights, one every so many steps and one after the last.
///
/// Kaddour, "Stop Wasting My Time! Saving Days of ImageNet and BERT Training with Latest Weight
/// Averaging", 2022, arXiv:2209.14981.
public struct LatestAverageOptions: Hashable, Sendable {
  /// The number of copies.
  public var count: Int
  /// The steps from one copy to the next; nil is a fiftieth of the run, so that five copies are of its
  /// last tenth.
  public var interval: Int?

  /// Creates options.
  ///
  /// - Precondition: Both are positive.
  public init(count: Int = 5, interval: Int? = nil) {
    precondition(count > 0 && interval ?? 1 > 0)
    self.count = count
    self.interval = interval
  }

  /// The steps from one copy to the next in a run of some length.
  func interval(steps: Int) -> Int { interval ?? max(1, steps / 50) }

  var record: JSONValue {
    .object(["count": .init(count), "interval": interval.map { .init($0) } ?? .null])
  }
}

/// Which means of the weights a run keeps beside those that it trains, and which it is judged by.
public struct AveragingOptions: Hashable, Sendable {
  /// The moving average, if there is one.
  public var movingAverage: MovingAverageOptions?
  /// The slow weights, if there are any.
  public var lookahead: LookaheadOptions?
  /// The mean of the latest copies, if there is one.
  public var latest: LatestAverageOptions?
  /// The weights that are evaluated and can be chosen; nil for all that are kept.
  public var weights: WeightKind?

  /// No means.
  public init() {}

  /// The weights that are kept, those that are trained first.
  public var keptKinds: [WeightKind] {
    [.trained] + (movingAverage == nil ? [] : [.ema]) + (latest == nil ? [] : [.lawa])
  }

  /// The weights that are evaluated.
  public var evaluatedKinds: [WeightKind] { weights.map { [$0] } ?? keptKinds }

  /// How many copies of all weights are kept.
  public var copyCount: Int {
    (movingAverage == nil ? 0 : 1) + (lookahead == nil ? 0 : 1) + (latest?.count ?? 0)
  }

  /// The bytes that are kept for a number of parameters.
  public func size(parameterCount: Int) -> Int { 4 * parameterCount * copyCount }

  /// What is kept in a run of some length, in words; nil for nothing.
  public func title(steps: Int) -> String? {
    var parts: [String] = []
    if let movingAverage {
      parts.append("moving average with decay \(movingAverage.decay) (\(movingAverage.start))")
    }
    if let latest {
      parts.append(
        "mean of the last \(latest.count) copies, one every \(latest.interval(steps: steps)) steps")
    }
    if let lookahead {
      parts.append(
        "look-ahead by \(lookahead.share) every \(lookahead.interval) steps")
    }
    return parts.isEmpty ? nil : parts.joined(separator: "; ")
  }

  /// The options as a part of the plan's record; nil for none.
  var record: JSONValue? {
    if self == AveragingOptions() { return nil }
    return .object([
      "ema": movingAverage?.record ?? .null,
      "lookahead": lookahead?.record ?? .null,
      "lawa": latest?.record ?? .null,
      "weights": weights.map { .string($0.rawValue) } ?? .null,
    ])
  }
}
