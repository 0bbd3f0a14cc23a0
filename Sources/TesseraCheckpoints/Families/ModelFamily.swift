/// Which tensors of a model hold the rows of its tokens.
///
/// Expanding a vocabulary touches the embedding, the head and the head's biases and nothing else, so
/// this is all that has to be known about a family of models. Files of one family spell a tensor in
/// several ways, and some hold one matrix several times, so each role has a list of names: those that a
/// file has are its tensors of that role, and all that hold one matrix have to be equal.
public struct ModelFamily: Hashable, Sendable {
  /// How it is known whether embedding and head are one matrix.
  public enum Tying: Hashable, Sendable {
    /// By `tie_word_embeddings` of the configuration; where it is not given, this.
    case configured(default: Bool)
    /// By the file: they are one unless it holds a head that differs. T5 has `tie_word_embeddings` for
    /// another purpose.
    case stored
  }

  /// The name of the family, for messages.
  public let name: String
  /// The values of `model_type` in `config.json` that belong to it, each with how such models are tied:
  /// the default of the configuration class in transformers.
  public let modelTypes: [ModelType]
  /// The names of tensors `[vocabulary, width]` with the input rows.
  public let embeddings: [String]
  /// The names of tensors `[vocabulary, width]` with the output rows. Files of tied models may have none.
  public let heads: [String]
  /// The names of tensors `[vocabulary]` or `[1, vocabulary]` that are added to the logits.
  public let headBiases: [String]

  /// A value of `model_type`, and how models of that type are tied.
  public struct ModelType: Hashable, Sendable {
    /// The value in `config.json`.
    public let name: String
    /// How it is known whether embedding and head are one matrix.
    public let tying: Tying
  }

  /// A family.
  ///
  /// - Parameters:
  ///   - tied: Model types whose embedding and head are one matrix where nothing is said.
  ///   - untied: Those where they are two.
  ///   - stored: Those where the file decides.
  ///   - prefixes: What may stand before the names of embeddings: files of a bare model, without a head,
  ///     leave out what others have.
  ///   - biases: Biases besides the ones that are called as a head is.
  init(
    _ name: String, tied: [String] = [], untied: [String] = [], stored: [String] = [],
    prefixes: [String], embeddings: [String], heads: [String] = ["lm_head.weight"],
    biases: [String] = []
  ) {
    self.name = name
    modelTypes =
      tied.map { ModelType(name: $0, tying: .configured(default: true)) }
      + untied.map { ModelType(name: $0, tying: .configured(default: false)) }
      + stored.map { ModelType(name: $0, tying: .stored) }
    self.embeddings = prefixes.flatMap { prefix in embeddings.map { prefix + $0 } }
    self.heads = heads
    headBiases = biases + heads.compactMap(Self.bias(ofHead:))
  }

  private init(
    _ base: ModelFamily?, modelType: String, embeddings: [String], heads: [String],
    headBiases: [String]
  ) {
    name = base?.name ?? modelType
    modelTypes = base?.modelTypes ?? [ModelType(name: modelType, tying: .stored)]
    self.embeddings = embeddings
    self.heads = heads
    self.headBiases = headBiases
  }

  /// The family of a `model_type`, or nil.
  public static func containing(modelType: String) -> ModelFamily? {
    all.first { family in family.modelTypes.contains { $0.name == modelType } }
  }

  /// All model types that belong to some family.
  public static var knownModelTypes: [String] { all.flatMap { $0.modelTypes.map(\.name) } }

  /// What is known about a model type, with names that somebody has given before all else.
  ///
  /// - Returns: Nil for a type of no family without the name of its embedding.
  static func naming(_ names: TokenTensorNames, modelType: String) -> ModelFamily? {
    let known = containing(modelType: modelType)
    if names == TokenTensorNames() { return known }
    guard let embeddings = names.embedding.map({ [$0] }) ?? known?.embeddings else { return nil }
    let heads = (names.head.map { [$0] } ?? known?.heads ?? []).filter { !embeddings.contains($0) }
    return ModelFamily(
      known, modelType: modelType, embeddings: embeddings, heads: heads,
      headBiases: names.head.map { [$0].compactMap(bias(ofHead:)) } ?? known?.headBiases ?? [])
  }

  /// How models of a type are tied.
  func tying(of modelType: String) -> Tying {
    modelTypes.first { $0.name == modelType }?.tying ?? .stored
  }

  /// Whether models of a type are tied where neither configuration nor file says it.
  package func tiesByDefault(_ modelType: String) -> Bool {
    if case .configured(let tied) = tying(of: modelType) { tied } else { true }
  }

  /// Whether a tensor belongs to the embedding or the head by its name, such as
  /// `lm_head.weight_scale`, so that it may have an element for each token.
  package func ownsTensor(_ name: String) -> Bool {
    (embeddings + heads).contains { tensor in
      // With the dot: `lm_head.`, but not `lm_head_norm`.
      tensor.hasSuffix(Self.weight)
        && name.utf8.starts(with: tensor.utf8.dropLast(Self.weight.utf8.count - 1))
    }
  }

  private static let weight = ".weight"

  /// The name of a bias that stands beside a head: `lm_head.bias` for `lm_head.weight`.
  private static func bias(ofHead head: String) -> String? {
    head.hasSuffix(weight) ? String(head.dropLast(weight.count)) + ".bias" : nil
  }
}
