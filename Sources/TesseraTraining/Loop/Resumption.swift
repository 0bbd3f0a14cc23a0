public import TesseraTensors

/// From where a run goes on, and what a user should know about it.
public struct Resumption: Hashable, Sendable {
  /// The number of steps done.
  public var step: Int
  /// The newer states that could not be used.
  public var passedOver: [StateFault]
  /// The kernels that have computed the state.
  public var kernels: SelectedKernels
  /// Those that will compute the rest.
  public var currentKernels: SelectedKernels

  /// Creates a report.
  public init(
    step: Int, passedOver: [StateFault], kernels: SelectedKernels, currentKernels: SelectedKernels
  ) {
    self.step = step
    self.passedOver = passedOver
    self.kernels = kernels
    self.currentKernels = currentKernels
  }

  /// Whether the rest of the run gives the bits of a run that was never stopped: whether the same
  /// kernels compute it.
  public var isExact: Bool { kernels == currentKernels }
}
