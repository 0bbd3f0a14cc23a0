/// Where each tensor of a model lies in the one flat array of its parameters.
///
/// Gradients and the optimizer's moments use the same layout. Tensors follow each other without
/// gaps, in an order that puts matrices with one input side by side: queries, keys and values are
/// one product, gate and up another. So do the biases of such matrices.
public struct ParameterLayout: Hashable, Sendable {
  /// What a tensor is for; optimizers and freezing go by it.
  public enum Role: Hashable, Sendable {
    /// The embedding, which is also the LM head where the two are tied.
    case embedding
    /// An LM head of its own.
    case head
    /// A learned vector for each position, or for each kind of segment.
    case positions
    /// The weights of a norm.
    case norm
    /// What is added to the outputs of a matrix or of a norm.
    case bias
    /// A matrix of a layer.
    case matrix
    /// What the rows of a factorized embedding or head are coordinates of.
    case primitives
    /// One of the two factors of what an adapter adds to a matrix; a row for each rank.
    case adapter
  }

  /// One tensor.
  public struct Tensor: Hashable, Sendable {
    /// The name in checkpoints, such as `model.embed_tokens.weight`.
    public let name: String
    /// The sizes, outermost first; a matrix is [outputs, inputs].
    public let shape: [Int]
    /// The place in the flat array.
    public let range: Range<Int>
    /// What the tensor is for.
    public let role: Role
    /// How checkpoints order its elements.
    let form: StoredForm
  }

  /// All tensors, in the order of the flat array.
  public let tensors: [Tensor]
  /// The number of parameters.
  public let count: Int
  private let indices: [String: Int]

  /// A layout of tensors, given in order.
  init(_ list: [TensorPlan]) {
    var tensors: [Tensor] = []
    var indices: [String: Int] = [:]
    var start = 0
    for plan in list {
      let end = start + plan.shape.reduce(1, *)
      indices[plan.name] = tensors.count
      tensors.append(
        Tensor(
          name: plan.name, shape: plan.shape, range: start..<end, role: plan.role,
          form: plan.form))
      start = end
    }
    self.tensors = tensors
    self.count = start
    self.indices = indices
  }

  /// The layout of one matrix that has a row for each token, such as a part of an embedding.
  package init(rowCount: Int, width: Int) {
    self.init([TensorPlan("rows", [rowCount, width], .embedding)])
  }

  /// The tensor with a name.
  public subscript(name: String) -> Tensor? {
    indices[name].map { tensors[$0] }
  }

  /// The ranges of all tensors with one of the roles, neighbours joined.
  public func ranges(of roles: Set<Role>) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    for tensor in tensors where roles.contains(tensor.role) {
      if let last = ranges.last, last.upperBound == tensor.range.lowerBound {
        ranges[ranges.count - 1] = last.lowerBound..<tensor.range.upperBound
      } else {
        ranges.append(tensor.range)
      }
    }
    return ranges
  }
}

/// A tensor before it has a place.
struct TensorPlan {
  var name: String
  var shape: [Int]
  var role: ParameterLayout.Role
  var form: StoredForm

  init(
    _ name: String, _ shape: [Int], _ role: ParameterLayout.Role, form: StoredForm = .plain
  ) {
    self.name = name
    self.shape = shape
    self.role = role
    self.form = form
  }
}
