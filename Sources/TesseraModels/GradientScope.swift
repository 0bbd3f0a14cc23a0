/// Which parameters a gradient is wanted for.
///
/// What nobody wants is not computed: products of the gradients of matrices are left out, and the way back
/// ends at the first layer behind which nothing is wanted.
public enum GradientScope: Hashable, Sendable {
  /// All of them; of a model with adapters also those of the matrices that have some.
  case all
  /// The embedding and the LM head alone.
  case embeddings
  /// Tensors with these names.
  case tensors(Set<String>)

  /// Whether the gradient of a tensor is wanted. Beside it, that of tensors it shares a product with may be
  /// computed.
  public func includes(_ tensor: ParameterLayout.Tensor) -> Bool {
    switch self {
    case .all: true
    case .embeddings: tensor.role == .embedding || tensor.role == .head
    case .tensors(let names): names.contains(tensor.name)
    }
  }
}

/// Which gradients of what is outside of layers are wanted.
struct WantedOutside: Hashable, Sendable {
  var embedding = true
  var positions = true
  var finalNorm = true
  var maskedHead = true
  var head = true

  /// Whether the way back has to reach the start of the stream.
  var needsStart: Bool { embedding || positions }
}
