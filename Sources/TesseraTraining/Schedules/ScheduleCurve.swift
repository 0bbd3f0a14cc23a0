/// The curves of the learning rate that have a name.
public enum ScheduleCurve: String, CaseIterable, Hashable, Sendable {
  /// Warmup, then a cosine to a tenth.
  case cosine
  /// Warmup, then a line to zero.
  case linear
  /// Warmup, constant, and a decay over the last fifth.
  case stableDecay = "wsd"
  /// A short warmup, constant, and a line to a twentieth over the last two thirds.
  case trapezoid
  /// Warmup, then constant.
  case constant
  /// Warmup, then by one over the root of the step.
  case inverseSquareRoot = "inverse-square-root"
  /// Warmup, a cosine to a plateau, the plateau, and a short decay: for runs that go on.
  case infinite
  /// The same, with a fall to the plateau that is steep at first.
  case infiniteInverseSquareRoot = "infinite-inverse-square-root"
  /// Warmup and cosine over and over.
  case restart
  /// No warmup: a cosine to a hundredth, from where the rate of the first training ended.
  case reuse

  /// The numbers of a curve that can be chosen.
  public enum Parameter: String, CaseIterable, Hashable, Sendable {
    case warmup, floor, decay, decayShape = "decay-shape", cooldown, plateau, cycle
  }

  /// The numbers that this curve has.
  public var parameters: Set<Parameter> {
    switch self {
    case .cosine, .linear: [.warmup, .floor]
    case .stableDecay, .trapezoid: [.warmup, .floor, .decay, .decayShape]
    case .constant, .inverseSquareRoot: [.warmup]
    case .infinite, .infiniteInverseSquareRoot:
      [.warmup, .floor, .decay, .decayShape, .cooldown, .plateau]
    case .restart: [.warmup, .floor, .cycle]
    case .reuse: [.floor]
    }
  }
}
