/// A segment of a schedule before the number of steps and the peak are known.
///
/// As text: `LENGTH SHAPE [FROM] TO`, with words apart by spaces. The length is a number of steps, a
/// share of the run such as `5%`, or `rest`, which one segment may have; rates are shares of the peak,
/// and where FROM is left out a segment begins where the one before it ends.
///
///     let rules = try ["5% linear 0 1", "rest cosine 1 0.1"].map(SegmentRule.init(parsing:))
public struct SegmentRule: Hashable, Sendable {
  /// How long it is.
  public var length: RunLength
  /// How the rate moves.
  public var shape: ScheduleShape
  /// The rate before its first step as a share of the peak; nil is where the one before ends, or zero.
  public var from: Double?
  /// The rate at its last step as a share of the peak.
  public var to: Double

  /// Creates a rule.
  public init(length: RunLength, shape: ScheduleShape, from: Double?, to: Double) {
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
    guard let length = RunLength(parsing: words[0]) else {
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
  static func schedule(
    _ rules: [SegmentRule], peak: Double, steps: Int
  ) throws(ScheduleError) -> Schedule {
    let ends = try RunLength.ends(
      of: rules.map(\.length), steps: steps, parts: "segments of the learning rate")
    var segments: [Schedule.Segment] = []
    for (index, rule) in rules.enumerated() {
      let from = rule.from.map { $0 * peak } ?? segments.last?.to ?? 0
      let to = rule.to * peak
      if rule.shape == .exponential, from <= 0 || to <= 0 { throw .exponentialToZero }
      segments.append(
        Schedule.Segment(
          steps: ends[index] - (index == 0 ? 0 : ends[index - 1]), shape: rule.shape, from: from,
          to: to))
    }
    return Schedule(segments: segments)
  }
}
