/// Judges steps before they are made, and leaves some out.
///
/// - A step whose loss or gradient is not a number is left out, and its batch with it: weights and
///   moments stay.
/// - Where the weights themselves are broken, or several such steps come in a row, the run goes back to
///   the weights and moments of its last ``RunSnapshot``, if it keeps one, and on with the next batch.
/// - If that does not help either, or there is none, the run stops.
/// - A step whose loss or gradient norm is further above those of the last 128 steps than a limit is
///   left out, if there is a limit. A new stage, in which other parameters move, begins a new window.
struct StepGuard: Hashable, Sendable {
  /// How many steps in a row may be not finite.
  let limit: Int
  /// The largest z-score of a loss; nil for any.
  let lossLimit: Double?
  /// The largest z-score of a gradient's norm; nil for any.
  let gradientLimit: Double?
  /// What has to be kept to go on.
  private(set) var state: State

  /// What a guard remembers.
  struct State: Hashable, Sendable {
    /// How many steps in a row were not finite.
    var inARow = 0
    /// How many steps were left out in all.
    var total = 0
    /// How often the run went back.
    var rollbacks = 0
    /// Whether it has gone back since the last update.
    var hasRolledBack = false
    /// The losses of the last steps.
    var losses = SpikeDetector()
    /// The norms of the last gradients.
    var gradientNorms = SpikeDetector()
  }

  /// Creates a guard, or continues one.
  init(limit: Int, lossLimit: Double? = nil, gradientLimit: Double? = nil, state: State = State()) {
    self.limit = limit
    self.lossLimit = lossLimit
    self.gradientLimit = gradientLimit
    self.state = state
  }

  /// What to do with a step.
  enum Verdict: Hashable {
    case update
    case skip(Reason)
    case rollBack
    case stop
  }

  /// Why a step is left out; the raw value is what metrics say.
  enum Reason: String {
    case notFinite = "not finite"
    case noTargets = "no targets"
    case lossSpike = "loss spike"
    case gradientSpike = "gradient spike"
  }

  /// What was found about a step.
  struct Judgement: Hashable {
    var verdict: Verdict
    /// The z-scores; nil where there are too few steps before.
    var lossScore: Double?
    var gradientScore: Double?
  }

  /// Forgets the last steps, which other parameters were moved in.
  mutating func beginStage() {
    state.losses = SpikeDetector()
    state.gradientNorms = SpikeDetector()
  }

  /// Judges a step.
  ///
  /// - Parameters:
  ///   - loss: The mean loss of its batch.
  ///   - gradientNorm: The norm of its gradient.
  ///   - hasSnapshot: Whether the run can go back.
  ///   - weightsAreFinite: Asked about a step that is not finite.
  mutating func judge(
    loss: Double, gradientNorm: Double, hasSnapshot: Bool = false,
    weightsAreFinite: () -> Bool = { true }
  ) -> Judgement {
    guard loss.isFinite && gradientNorm.isFinite else {
      return Judgement(verdict: judgeNotFinite(hasSnapshot, weightsAreFinite))
    }
    state.inARow = 0
    let lossScore = state.losses.score(of: loss)
    let gradientScore = state.gradientNorms.score(of: gradientNorm)
    var verdict = Verdict.update
    if let lossLimit, let lossScore, lossScore > lossLimit {
      verdict = .skip(.lossSpike)
    } else if let gradientLimit, let gradientScore, gradientScore > gradientLimit {
      verdict = .skip(.gradientSpike)
    }
    if verdict == .update { state.hasRolledBack = false } else { state.total += 1 }
    return Judgement(verdict: verdict, lossScore: lossScore, gradientScore: gradientScore)
  }

  private mutating func judgeNotFinite(
    _ hasSnapshot: Bool, _ weightsAreFinite: () -> Bool
  ) -> Verdict {
    state.inARow += 1
    state.total += 1
    let isBroken = !weightsAreFinite()
    if hasSnapshot, !state.hasRolledBack, isBroken || state.inARow > limit {
      state.hasRolledBack = true
      state.rollbacks += 1
      state.inARow = 0
      return .rollBack
    }
    return state.inARow > limit ? .stop : .skip(.notFinite)
  }
}
