/// What is wrong with a schedule that was asked for.
public enum ScheduleError: Error, Equatable, Sendable {
  /// A number was chosen that the curve does not have.
  case unusedParameter(String, curve: String)
  /// An exponential fall cannot begin or end at zero.
  case exponentialToZero
  /// A segment cannot be understood.
  case malformedSegment(String, reason: String)
  /// Parts of a run are longer or shorter than it.
  case wrongLength(String, Int, steps: Int)
}

extension ScheduleError: CustomStringConvertible {
  /// One sentence: what was found, and what was expected.
  public var description: String {
    switch self {
    case .unusedParameter(let name, let curve):
      "--\(name) has no meaning for the learning rate's curve \(curve)"
    case .exponentialToZero:
      "an exponential curve cannot begin or end at zero; give a --floor above it"
    case .malformedSegment(let text, let reason):
      "the segment \"\(text)\" is not LENGTH SHAPE [FROM] TO, as in \"5% linear 0 1\": \(reason)"
    case .wrongLength(let parts, let count, let steps):
      "the \(parts) take \(count) steps, and the run has \(steps); one of them may have the length "
        + "\"rest\""
    }
  }
}
