/// Weights and moments to go back to.
public struct RunSnapshot: Hashable, Sendable {
  /// The number of steps done.
  public var step: Int
  /// The parameters.
  public var parameters: [Float]
  /// What the optimizer remembers.
  public var optimizer: OptimizerState
  /// The means of the weights.
  var averages: AverageState

  /// Creates a snapshot.
  init(
    step: Int, parameters: [Float], optimizer: OptimizerState, averages: AverageState = .none
  ) {
    self.step = step
    self.parameters = parameters
    self.optimizer = optimizer
    self.averages = averages
  }
}
