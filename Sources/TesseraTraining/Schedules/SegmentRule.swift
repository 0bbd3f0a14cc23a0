/// A segment of a schedule before the number of steps and the peak are known.
///
/// As text: `LENGTH SHAPE [FROM] TO`, with words apart by spaces. The length is a number of steps, a
/// share of the run such as `5%`, or `rest`, which one segment may have; rates are shares of the peak,
/// and where FROM is left out a segment begins where the one before it ends.
///
///     let rules = try ["5% linear 0 1", "rest cosine 1 0.1"].map(SegmentRule.init(parsing:))
public struct SegmentRule: Hashable, Sendable {
  /// How long a segment is.
  public enum Length: Hashable, Sendable {
    /// A number of steps.
    case steps(Int)
    /// A share of the run's steps.
    case share(Double)
    /// What the others leave.
    case rest
  }

  /// How long it is.
  public var length: Length
  /// How the rate moves.
  public var shape: ScheduleShape
  /// The rate before its first step as a share of the peak; nil is where the one before ends, or zero.
  public var from: Double?
  /// The rate at its last step as a share of the peak.
  public var to: Double

  /// Creates a rule.
  public init(length: Length, shape: ScheduleShape, from: Double?, to: Double) {
    self.length = length
    self.shape = shape
    self.from = from
    self.to = to
  }

  /// The largest share of the peak.
  private static let largestShare = 100.0

  /// Reads a rule.
  ///
  /// - Throws: ``ScheduleError/malformedSegment(_:reason:)``.
  public init(parsing text: String) throws(ScheduleError) {
    let words = text.split(separator: " ").map(String.init)
    func malformed(_ reason: String) -> ScheduleError { .malformedSegment(text, reason: reason) }
    guard (3...4).contains(words.count) else { throw malformed("it has \(words.count) words") }
    guard let length = Length(parsing: words[0]) else {
      throw malformed(
        "\"\(words[0])\" is not a number of steps, a share such as 5%, or \"rest\"")
    }
    guard let shape = ScheduleShape(rawValue: words[1]) else {
      throw malformed(
        "\"\(words[1])\" is none of "
          + ScheduleShape.allCases.map(\.rawValue).joined(separator: ", "))
    }
    let rates = words[2...].map { Double($0) ?? .nan }
    guard rates.allSatisfy({ (0...Self.largestShare).contains($0) }) else {
      throw malformed("rates are shares of the peak, from 0 to \(Int(Self.largestShare))")
    }
    self.init(
      length: length, shape: shape, from: rates.count > 1 ? rates[0] : nil,
      to: rates[rates.count - 1])
  }

  /// The schedule that rules make up.
  ///
  /// Borders between segments are rounded, not lengths, so that shares that add up to one always take
  /// all steps.
  static func schedule(
    _ rules: [SegmentRule], peak: Double, steps: Int
  ) throws(ScheduleError) -> Schedule {
    var lengths = rules.map { $0.length.steps(of: steps) }
    let restCount = lengths.count { $0 == nil }
    let sum = lengths.reduce(0.0) { $0 + ($1 ?? 0) }
    let rest = Double(steps) - sum
    guard restCount == 0 ? abs(rest) < 0.5 : restCount == 1 && rest > -0.5 else {
      throw .wrongLength(segments: Int(sum.rounded()), steps: steps)
    }
    lengths = lengths.map { $0 ?? max(0, rest) }
    var segments: [Schedule.Segment] = []
    var (end, position) = (0.0, 0)
    for (rule, length) in zip(rules, lengths) {
      end += length ?? 0
      let next = min(steps, Int(end.rounded()))
      let from = rule.from.map { $0 * peak } ?? segments.last?.to ?? 0
      let to = rule.to * peak
      if rule.shape == .exponential, from <= 0 || to <= 0 { throw .exponentialToZero }
      segments.append(
        Schedule.Segment(steps: next - position, shape: rule.shape, from: from, to: to))
      position = next
    }
    return Schedule(segments: segments)
  }
}

extension SegmentRule.Length {
  /// The most steps that a length may be: more than any run has.
  private static let largest = 1_000_000_000_000

  /// Reads `120`, `5%` or `rest`; nil for anything else.
  public init?(parsing text: String) {
    if text == "rest" {
      self = .rest
    } else if text.hasSuffix("%") {
      guard let percent = Double(text.dropLast()), (0...100).contains(percent) else { return nil }
      self = .share(percent / 100)
    } else {
      guard let steps = Int(text), (0...Self.largest).contains(steps) else { return nil }
      self = .steps(steps)
    }
  }

  /// The steps of a run of `count` steps; nil for the rest.
  func steps(of count: Int) -> Double? {
    switch self {
    case .steps(let steps): Double(steps)
    case .share(let share): share * Double(count)
    case .rest: nil
    }
  }
}
