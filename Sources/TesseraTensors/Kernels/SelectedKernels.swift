/// The kernels that compute in this process: what, beside input and seed, decides the last bits of a
/// trained model and the speed of training.
public struct SelectedKernels: Hashable, Sendable {
  /// The processor core that OpenBLAS has picked its kernels for.
  public var matrixProductCore: String
  /// The instruction set of our own kernels: `AVX-512`, `AVX2` or `portable`.
  public var instructionSet: String
  /// What multiplies in bf16, `AMX-BF16` or `AVX-512-BF16`; nil for products in f32.
  public var bfloat16InstructionSet: String?

  /// Kernels with names.
  public init(
    matrixProductCore: String, instructionSet: String, bfloat16InstructionSet: String? = nil
  ) {
    self.matrixProductCore = matrixProductCore
    self.instructionSet = instructionSet
    self.bfloat16InstructionSet = bfloat16InstructionSet
  }

  /// Those of this process for products in a precision.
  public static func current(for precision: Precision) -> SelectedKernels {
    SelectedKernels(
      matrixProductCore: matrixProductCoreName(), instructionSet: vectorInstructionSet(),
      bfloat16InstructionSet: precision == .bfloat16 ? TesseraTensors.bfloat16InstructionSet() : nil
    )
  }
}

extension SelectedKernels: CustomStringConvertible {
  /// All names, such as `OpenBLAS core SkylakeX, AVX-512`.
  public var description: String {
    "OpenBLAS core \(matrixProductCore), \(instructionSet)"
      + (bfloat16InstructionSet.map { ", matrix products with \($0)" } ?? "")
  }
}
