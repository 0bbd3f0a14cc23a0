/// In how many bits an optimizer keeps a number for each parameter between steps.
public enum MomentPrecision: String, CaseIterable, Hashable, Sendable {
  /// 32-bit floats: 4 bytes.
  case f32
  /// Brain floats, rounded by chance: 2 bytes.
  ///
  /// Rounding to nearest would leave a mean as it is whenever a step moves it by less than 0.2 to
  /// 0.4 %, half of the format's spacing: with β₂ = 0.999 a second moment would never fall again.
  case bf16
  /// A byte in a dynamic map, with a scale for every 256 numbers of a row.
  ///
  /// Dettmers et al., "8-bit Optimizers via Block-wise Quantization", 2021, arXiv:2110.02861. Blocks
  /// end with rows, so that a row that does not move keeps its bytes. The second moment is kept as
  /// its root, which the seven decades of the map hold fourteen decades of, and never becomes zero
  /// beside a first moment that is none.
  case eightBit = "8bit"

  /// The bytes of a number, scales left out.
  public var byteSize: Int {
    switch self {
    case .f32: 4
    case .bf16: 2
    case .eightBit: 1
    }
  }
}
