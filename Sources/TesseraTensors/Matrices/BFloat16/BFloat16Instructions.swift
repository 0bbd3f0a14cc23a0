internal import CTesseraKernels

/// What matrices in bf16 are multiplied with, see ``BFloat16Factor``.
package enum BFloat16Instructions: Hashable, Sendable {
  /// AMX: 16 x 32 by 32 x 16 at once.
  case tiles
  /// AVX-512 BF16: 2 by 2 x 16 at once.
  case vectors

  /// What this processor has, the fastest first; empty where products in f32 are all there is.
  package static let available: [BFloat16Instructions] = {
    var found: [BFloat16Instructions] = []
    if tk_enable_bf16_tiles() != 0 { found.append(.tiles) }
    if tk_has_bf16_vectors() != 0 { found.append(.vectors) }
    return found
  }()
}

extension BFloat16Instructions: CustomStringConvertible {
  /// The name of the instruction set, for reports of speed.
  package var description: String {
    switch self {
    case .tiles: "AMX-BF16"
    case .vectors: "AVX-512-BF16"
    }
  }
}

/// The instruction set that multiplies matrices in bf16 on this processor, for reports of speed; nil where
/// there is none.
public func bfloat16InstructionSet() -> String? {
  BFloat16Instructions.available.first?.description
}
