public import TesseraTensors

/// How a model is trained on a new language.
///
/// What is nil is decided by ``Adaptation`` from the sizes of the model and of the corpora.
public struct AdaptationOptions: Hashable, Sendable {
  /// How long to train.
  public var budget: TrainingBudget?
  /// The tokens of a step.
  public var batchTokenCount: Int?
  /// The tokens of a training sequence, at most the model's context.
  public var sequenceLength: Int?
  /// The highest learning rate.
  public var learningRate: Double?
  /// How the learning rate runs.
  public var schedule = ScheduleOptions()
  /// What turns gradients into steps.
  public var optimizer = OptimizerOptions()
  /// The precision of the matrix products of training steps.
  public var precision = Precision.float32
  /// Whether activations are computed a second time on the way back, and not kept.
  public var recomputesActivations = false
  /// The decay of matrices; nil is ``OptimizerKind/defaultWeightDecay``.
  public var weightDecay: Double?
  /// What the batches are made of, beside ``replayShare``.
  public var data = DataOptions()
  /// What is done about steps that go wrong.
  public var guards = GuardOptions()
  /// Means of the weights that are kept; the weights that are written are the best of all where none are
  /// chosen.
  public var averaging = AveragingOptions()
  /// The steps between two states on disk, beside every five minutes; nil for none.
  public var saveInterval: Int?
  /// Which parameters move in every stage.
  public var selection = ParameterSelection()
  /// The adapters that are trained in place of the layers' matrices, if any are.
  public var adapters: AdapterOptions?
  /// The stages; none are the rows alone for ``rowStageShare`` of the steps, then everything.
  public var stages: [StageRule] = []
  /// The share of every batch that comes from the base model's language, where no data stage says another.
  ///
  /// A quarter for a new language: Ibrahim et al., 2024, arXiv:2403.08763, section 6.
  public var replayShare = 0.25
  /// The share of the steps that move the rows of the embedding and the head alone.
  ///
  /// They cost two thirds of a full step, and spare the body the gradients of rows that mean nothing
  /// yet.
  public var rowStageShare = 0.05
  /// The factor on the learning rate of new rows while they move alone.
  public var newRowRate = 5.0
  /// The factor on the learning rate of base rows while the body is frozen.
  public var baseRowRate = 0.1
  /// The share of each corpus that is held out for measuring.
  public var heldOutShare = 0.1
  /// The most bytes of each corpus that are held out.
  public var heldOutSizeLimit = 256 << 10
  /// How much worse the replay corpus may get, in bits per byte, for weights to be chosen.
  public var maximumForgetting = 0.05
  /// How often the held-out documents are scored during training.
  public var evaluationCount = 6
  /// How encoders are trained; models that predict the next token have no use for it.
  public var masking = MaskedObjectiveOptions()
  /// Where the order of data comes from.
  public var seed: UInt64 = 0

  /// The recommended options.
  public init() {}
}

extension AdaptationOptions {
  /// How many new tokens a corpus can teach: one for every ``bytesPerNewToken`` bytes, at most 8,192.
  ///
  /// - Parameter trainingByteCount: The bytes to train on.
  public static func newTokenCount(trainingByteCount: Int) -> Int {
    min(8_192, trainingByteCount / bytesPerNewToken)
  }

  /// The bytes of text that pay for a new token.
  ///
  /// The pairs that continued BPE finds become rare quickly: with a token for every hundred bytes the
  /// last ones still stand some ten times in the text.
  public static let bytesPerNewToken = 100
}

extension AdaptationOptions {
  /// Sets what of a plan takes time or memory, beside its stages and its optimizer.
  func setCost(of plan: inout TrainingPlan) {
    plan.precision = precision
    plan.recomputesActivations = recomputesActivations
    plan.adapterRanks = adapters?.drawnRanks
    if let temperature = data.lossTemperature { plan.weighLosses(temperature: temperature) }
    plan.averaging = averaging
  }
}
