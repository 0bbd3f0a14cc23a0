/// Weights and moments to go back to.
public struct RunSnapshot: Hashable, Sendable {
  /// The number of steps done.
  public var step: Int
  /// The parameters.
  public var parameters: [Float]
  /// What the optimizer remembers.
  public var optimizer: OptimizerState

  /// Creates a snapshot.
  public init(step: Int, parameters: [Float], optimizer: OptimizerState) {
    self.step = step
    self.parameters = parameters
    self.optimizer = optimizer
  }
}
