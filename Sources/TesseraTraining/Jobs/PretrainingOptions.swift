public import TesseraTensors

/// The families of which models are trained from nothing.
public enum PretrainingFamily: String, CaseIterable, Hashable, Sendable {
  /// Decoders of Llama's parts.
  case llama
  /// Encoders of BERT's, with one segment.
  case bert
}

/// What a model is trained from nothing with.
public struct PretrainingOptions: Hashable, Sendable {
  /// The model's shape, unless it is that of a run to begin with.
  public var size = ModelSize.small
  /// The model's family, unless it is that of a run to begin with.
  public var family = PretrainingFamily.llama
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
  /// most 0.002, times the optimizer's ``OptimizerKind/rateFactor``, or that of the run to begin with.
  public var learningRate: Double?
  /// How the learning rate runs; its warmup is 150 steps or a hundredth of the run, at most a tenth,
  /// where none is chosen.
  public var schedule = ScheduleOptions()
  /// Whether a run that begins with another's moments keeps its place in the curve as well, which then
  /// counts the steps of both.
  public var keepsSchedule = false
  /// What turns gradients into steps.
  public var optimizer = OptimizerOptions()
  /// The precision of the matrix products of training steps.
  public var precision = Precision.float32
  /// Whether activations are computed a second time on the way back, and not kept.
  public var recomputesActivations = false
  /// The decay of matrices; nil is ``OptimizerKind/defaultWeightDecay``.
  public var weightDecay: Double?
  /// What the batches are made of.
  public var data = DataOptions()
  /// What is done about steps that go wrong.
  public var guards = GuardOptions()
  /// Means of the weights that are kept; the weights that are written are the trained ones where none are
  /// chosen.
  public var averaging = AveragingOptions()
  /// The steps between two states on disk, beside every five minutes; nil for none.
  public var saveInterval: Int?
  /// Which parameters move in every stage.
  public var selection = ParameterSelection()
  /// The stages; none are one.
  public var stages: [StageRule] = []
  /// The most bytes of held-out documents that are scored at the end.
  public var heldOutSizeLimit = 1 << 20
  /// The most bytes of held-out documents that are scored during training.
  public var watchedSizeLimit = 100_000
  /// How often the held-out documents are scored during training.
  public var evaluationCount = 20
  /// The number format of the weights that are written; nil is that of the run to begin with, or bf16.
  public var elementType: ElementType?
  /// How an encoder is trained. Spans are those that the corpus was encoded with.
  public var masking = MaskedObjectiveOptions()
  /// Where initial weights and the order of data come from.
  public var seed: UInt64 = 0

  /// Creates options for a budget.
  public init(budget: TrainingBudget) { self.budget = budget }
}

extension PretrainingOptions {
  /// Sets what of a plan takes time or memory, beside its stages and its optimizer.
  func setCost(of plan: inout TrainingPlan) {
    plan.precision = precision
    plan.recomputesActivations = recomputesActivations
    if let temperature = data.lossTemperature { plan.weighLosses(temperature: temperature) }
    plan.averaging = averaging
  }
}
