/// The names of the tensors that hold a model's rows, for models that no family knows.
///
/// A name that is given takes the place of those that the family of the model's type has, if there is one.
public struct TokenTensorNames: Hashable, Sendable {
  /// The tensor with the input rows.
  public var embedding: String?
  /// The tensor with the output rows. Its bias, `NAME.bias` for a head `NAME.weight`, is found by it.
  public var head: String?

  /// Names; nil for what the family tells.
  public init(embedding: String? = nil, head: String? = nil) {
    self.embedding = embedding
    self.head = head
  }
}
