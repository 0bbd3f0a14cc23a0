/// What a run begins with, which is what tells the verbs apart that train.
///
/// To go on with a run that was stopped is none of these: it is the same run.
public enum RunKind: String, CaseIterable, Hashable, Sendable {
  /// Random weights, and an optimizer that remembers nothing.
  case pretrain
  /// Weights, moments and counts of another run; data and schedule are new.
  case `continue`
  /// The weights of a model alone; the optimizer remembers nothing.
  case adapt

  /// What the run begins with, in words.
  public var beginning: String {
    switch self {
    case .pretrain: "random weights; the optimizer remembers nothing"
    case .continue: "weights and moments of another run; data and schedule are new"
    case .adapt: "weights of a model alone; the optimizer remembers nothing"
    }
  }
}
