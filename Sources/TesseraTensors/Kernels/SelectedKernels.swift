/// The kernels that compute in this process: what, beside input and seed, decides the last bits of a
/// trained model and the speed of training.
public struct SelectedKernels: Hashable, Sendable {
  /// The processor core that OpenBLAS has picked its kernels for.
  public var matrixProductCore: String
  /// The instruction set of our own kernels: `AVX-512`, `AVX2` or `portable`.
  public var instructionSet: String

  /// Kernels with names.
  public init(matrixProductCore: String, instructionSet: String) {
    self.matrixProductCore = matrixProductCore
    self.instructionSet = instructionSet
  }

  /// Those of this process.
  public static var current: SelectedKernels {
    SelectedKernels(
      matrixProductCore: matrixProductCoreName(), instructionSet: vectorInstructionSet())
  }
}

extension SelectedKernels: CustomStringConvertible {
  /// Both names, such as `OpenBLAS core SkylakeX, AVX-512`.
  public var description: String { "OpenBLAS core \(matrixProductCore), \(instructionSet)" }
}
