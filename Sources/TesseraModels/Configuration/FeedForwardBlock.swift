/// What a feed-forward block computes.
///
/// Gates are of Shazeer, "GLU Variants Improve Transformer", 2020, arXiv:2002.05202; GELU is x P(X < x)
/// for a normal X: Hendrycks and Gimpel, 2016, arXiv:1606.08415.
public enum FeedForwardBlock: Hashable, Sendable {
  /// down(silu(gate(x)) * up(x)).
  case swiGLU
  /// down(gelu(gate(x)) * up(x)).
  case geGLU
  /// The same with the approximation of GELU by a hyperbolic tangent.
  case geGLUTanh
  /// down(gelu(up(x))).
  case gelu
  /// The same with the approximation of GELU by a hyperbolic tangent.
  case geluTanh

  /// Whether there is a gate.
  public var isGated: Bool {
    switch self {
    case .swiGLU, .geGLU, .geGLUTanh: true
    case .gelu, .geluTanh: false
    }
  }

  /// How many matrices read the block's input.
  var inputCount: Int { isGated ? 2 : 1 }
}
