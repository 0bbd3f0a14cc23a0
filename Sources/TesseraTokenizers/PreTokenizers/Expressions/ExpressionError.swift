/// Why a regular expression cannot split text here. Offsets are in characters, from 0.
public enum ExpressionError: Error, Hashable, Sendable {
  /// The expression is not well-formed.
  case malformed(found: String, offset: Int)
  /// A construct that has no place in an automaton that reads each character once, or that is not
  /// known.
  case unsupported(construct: String, offset: Int, advice: String)
  /// The automaton would need too many states, classes of characters or steps.
  case tooLarge(of: String, limit: Int)
  /// Texts exist for which the time would grow with the square of their length.
  case notLinear
}

extension ExpressionError: CustomStringConvertible {
  /// One sentence: what was found, where, and what to do.
  public var description: String {
    switch self {
    case .malformed(let found, let offset): "at character \(offset) there is \(found)"
    case .unsupported(let construct, let offset, let advice):
      "\(construct) at character \(offset) is not supported" + (advice.isEmpty ? "" : "; \(advice)")
    case .tooLarge(let what, let limit):
      "it needs more than \(limit) \(what), which is the limit"
    case .notLinear:
      "the time to split a text could grow with the square of its length: an alternative can read "
        + "far without a match, and then again from within what it has read"
    }
  }
}
