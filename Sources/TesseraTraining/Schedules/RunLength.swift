/// How much of a run something takes: `120` steps, a share such as `5%`, or `rest`, what others leave.
public enum RunLength: Hashable, Sendable {
  /// A number of steps.
  case steps(Int)
  /// A share of the run's steps.
  case share(Double)
  /// What the others leave.
  case rest

  /// The most steps that a length may be: more than any run has.
  private static let largest = 1_000_000_000_000

  /// Reads a length; nil for a text that is none.
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

  /// Where parts of a run end.
  ///
  /// Borders between parts are rounded, not lengths, so that shares that add up to one always take all
  /// steps.
  ///
  /// - Parameters:
  ///   - lengths: The lengths, one of which may be the rest.
  ///   - steps: The steps of the run.
  ///   - parts: What the parts are, for the error.
  /// - Throws: ``ScheduleError/wrongLength(_:_:steps:)`` where they do not add up to the run.
  static func ends(
    of lengths: [RunLength], steps: Int, parts: String
  ) throws(ScheduleError) -> [Int] {
    let counts: [Double?] = lengths.map { length in
      switch length {
      case .steps(let count): Double(count)
      case .share(let share): share * Double(steps)
      case .rest: nil
      }
    }
    let sum = counts.reduce(0.0) { $0 + ($1 ?? 0) }
    let rest = Double(steps) - sum
    switch counts.count(where: { $0 == nil }) {
    case 0 where abs(rest) < 0.5: break
    case 1 where rest > -0.5: break
    default: throw .wrongLength(parts, Int(sum.rounded()), steps: steps)
    }
    var end = 0.0
    return counts.map { count in
      end += count ?? max(0, rest)
      return min(steps, Int(end.rounded()))
    }
  }
}
