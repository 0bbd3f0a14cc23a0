/// The numbers that the matrix products of training steps multiply.
///
/// They are those of the layers' matrices and of the head. Parameters, gradients, moments, sums of products,
/// attention, norms, losses, adapters' gradients and what stands before an encoder's head are in f32 either way.
public enum Precision: String, Hashable, CaseIterable, Sendable {
  /// f32, through OpenBLAS; on every processor.
  case float32 = "f32"
  /// Factors rounded to bf16, which is two to eight times as fast on processors that have instructions for
  /// it: AVX-512 BF16 or AMX. The same bits on every processor with the same instructions.
  case bfloat16 = "bf16"

  /// Whether this processor can compute with it.
  public var isAvailable: Bool {
    switch self {
    case .float32: true
    case .bfloat16: bfloat16InstructionSet() != nil
    }
  }

  /// Those that this processor can compute with.
  public static var available: [Precision] { allCases.filter(\.isAvailable) }
}
