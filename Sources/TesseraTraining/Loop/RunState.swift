public import TesseraTensors

// A state of a run is a folder `step-NNNNNNNN` that appears whole or not at all:
//
//   file                content
//   weights.f32         the parameters: 32-bit floats, little-endian, in the order of the layout
//   updates.u32         how often each unit was updated: 32-bit unsigned integers, little-endian
//   NAME.TYPE           what the optimizer remembers: the name and type of each `OptimizerMemory`, such
//                       as first-moment.f32, second-moment.f32 of AdamW; types are f32, bf16, u8, u32,
//                       all little-endian
//   average-NAME.f32    a mean of the weights, if the run keeps any: ema, slow (of look-ahead), and the
//                       copies lawa-0, lawa-1, ..., the oldest first
//   best.f32            the weights with the best evaluation so far, if there is one
//   snapshot-NAME.TYPE  weights, updates, what the optimizer remembers, and means at the step to go back
//                       to, if there is one
//   state.json          step, counts, best evaluation, and what the run must be resumed with
//   MANIFEST.json       size and SHA-256 of each of the others; written last

/// Everything that a run needs to continue as if it had never stopped.
public struct RunState: Hashable, Sendable {
  /// The number of steps done.
  public var step: Int
  /// The parameters.
  public var parameters: [Float]
  /// What the optimizer remembers.
  public var optimizer: OptimizerState
  /// The means of the weights.
  var averages: AverageState
  /// What is known of the steps before, to judge the next one by.
  var guarding: StepGuard.State
  /// What the run can go back to.
  public var snapshot: RunSnapshot?
  /// The evaluations so far.
  public var evaluations: [RunEvaluation]
  /// The weights of the best evaluation so far.
  public var best: [Float]?
  /// The step of the best evaluation so far.
  public var bestStep: Int?
  /// The kind of the weights of the best evaluation so far.
  public var bestWeights: WeightKind
  /// The kernels that have computed it.
  public var kernels: SelectedKernels
  /// The time that the run has taken so far, in all calls.
  public var seconds: Double

  /// Creates a state.
  init(
    step: Int, parameters: [Float], optimizer: OptimizerState, averages: AverageState = .none,
    guarding: StepGuard.State, snapshot: RunSnapshot?, evaluations: [RunEvaluation],
    best: [Float]?, bestStep: Int?, bestWeights: WeightKind = .trained,
    kernels: SelectedKernels = .current(for: .float32), seconds: Double
  ) {
    self.step = step
    self.parameters = parameters
    self.optimizer = optimizer
    self.averages = averages
    self.guarding = guarding
    self.snapshot = snapshot
    self.evaluations = evaluations
    self.best = best
    self.bestStep = bestStep
    self.bestWeights = bestWeights
    self.kernels = kernels
    self.seconds = seconds
  }
}
