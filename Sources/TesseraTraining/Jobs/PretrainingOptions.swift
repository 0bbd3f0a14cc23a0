public import TesseraTensors

/// What a model is trained from nothing with.
public struct PretrainingOptions: Hashable, Sendable {
  /// The model's shape.
  public var size = ModelSize.small
  /// The tokens of a training sequence, and the context that the model is meant for.
  ///
  /// 512 tokens are about 2 kB of English; longer ones cost attention time that small models make
  /// little of.
  public var contextLength = 512
  /// How long to train.
  public var budget: TrainingBudget
  /// The tokens of a step; nil is ``StepLaw/batchTokenCount(tokenCount:)``.
  public var batchTokenCount: Int?
  /// The highest learning rate; nil is ``StepLaw/learningRate(bodyParameterCount:tokenCount:)``, at
  /// most 0.002.
  public var learningRate: Double?
  /// The curve of the learning rate.
  public var curve = ScheduleCurve.cosine
  /// The steps over which the learning rate rises to its peak; nil is 150 or a hundredth of the run,
  /// at most a tenth.
  public var warmupStepCount: Int?
  /// The decay of matrices. Brown et al., 2020, arXiv:2005.14165, appendix B.
  public var weightDecay = 0.1
  /// The most bytes of held-out documents that are scored at the end.
  public var heldOutSizeLimit = 1 << 20
  /// The most bytes of held-out documents that are scored during training.
  public var watchedSizeLimit = 100_000
  /// How often the held-out documents are scored during training.
  public var evaluationCount = 20
  /// The number format of the weights that are written.
  public var elementType = ElementType.bf16
  /// Where initial weights and the order of data come from.
  public var seed: UInt64 = 0

  /// Creates options for a budget.
  public init(budget: TrainingBudget) { self.budget = budget }
}

/// The curves of the learning rate that have a name.
public enum ScheduleCurve: String, CaseIterable, Hashable, Sendable {
  /// Warmup, then a cosine to a tenth.
  case cosine
  /// Warmup, constant, and a decay over the last fifth.
  case stableDecay = "wsd"
  /// Warmup, then constant.
  case constant

  /// The schedule with a peak over a number of steps; nil warms up over
  /// ``Schedule/defaultWarmup(steps:)``.
  public func schedule(peak: Double, steps: Int, warmup: Int? = nil) -> Schedule {
    switch self {
    case .cosine: .warmupCosine(peak: peak, steps: steps, warmup: warmup)
    case .stableDecay: .warmupStableDecay(peak: peak, steps: steps, warmup: warmup)
    case .constant: .constant(peak: peak, steps: steps, warmup: warmup)
    }
  }
}
