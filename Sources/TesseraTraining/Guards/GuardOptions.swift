import TesseraModels

/// What is done about steps that go wrong.
public struct GuardOptions: Hashable, Sendable {
  /// How many standard deviations a loss may be above those of the last 128 steps; nil is any number.
  public var lossSpikeLimit: Double?
  /// How many standard deviations a gradient's norm may be above those of the last 128 steps; nil is any
  /// number.
  public var gradientSpikeLimit: Double?
  /// The number of steps between copies of weights and moments in memory, to go back to when weights are
  /// no numbers any more; 0 keeps none, and nil every hundredth step where a copy is small.
  public var snapshotInterval: Int?

  /// The recommended guards.
  public init() {}

  /// The largest copy that is kept where nobody has asked for one, in bytes.
  static let standardCopySize = 256 << 20

  /// Sets what a plan for a model does, whose optimizer and averages are set.
  func set(_ plan: inout TrainingPlan, layout: ParameterLayout) {
    plan.lossSpikeLimit = lossSpikeLimit
    plan.gradientSpikeLimit = gradientSpikeLimit
    let size =
      4 * layout.count + plan.optimizer.stateSize(layout: layout)
      + plan.averaging.size(parameterCount: layout.count)
    plan.snapshotInterval = snapshotInterval ?? (size <= Self.standardCopySize ? 100 : 0)
  }
}
