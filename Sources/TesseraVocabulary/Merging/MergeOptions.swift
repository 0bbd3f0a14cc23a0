public import TesseraCheckpoints
public import TesseraTensors

/// Which tokens of the first model get the rows that they have in the second one.
public enum RestoredTokens: String, CaseIterable, Hashable, Sendable {
  /// None: all rows are merged.
  case none
  /// Those that are special in the second model's tokenizer.
  case special
  /// All added tokens of the second model's tokenizer.
  case added
}

/// How models are merged.
public struct MergeOptions: Hashable, Sendable {
  /// What is computed.
  public var rule: MergeRule
  /// Tokens whose rows, in the embedding, the head and its bias, are those of the second model.
  public var restoredTokens = RestoredTokens.none
  /// The type of the result's elements; nil for that of the first model, tensor by tensor.
  public var elementType: ElementType?
  /// The names of the layers up to their numbers, such as `model.layers`; nil where there is only one such
  /// name.
  public var layerPrefix: String?
  /// The tensors that are embedding and head, as far as the models' type does not tell.
  public var names = TokenTensorNames()

  /// Options for a rule; all tensors have the type that they have in the first model.
  public init(rule: MergeRule) { self.rule = rule }
}
