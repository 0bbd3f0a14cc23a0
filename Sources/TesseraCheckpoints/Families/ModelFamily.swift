/// Which tensors of a model hold the rows of its tokens.
///
/// Expanding a vocabulary touches the embedding and the head and nothing else, so this is all that
/// has to be known about a family of models.
public struct ModelFamily: Hashable, Sendable {
  /// The name of the family, for messages.
  public let name: String
  /// The values of `model_type` in `config.json` that belong to it.
  public let modelTypes: [String]
  /// The tensor `[vocabulary, width]` with the input rows.
  public let embedding: String
  /// The tensor `[vocabulary, width]` with the output rows, absent from files where it is tied.
  public let head: String
  /// The tensor `[vocabulary]` that some files have beside the head: what is added to each logit.
  public let headBias = "lm_head.bias"
  /// Whether embedding and head are one matrix where `tie_word_embeddings` is not given: the default
  /// of the configuration class in transformers, the same for all types of a family.
  public let tiedByDefault: Bool

  /// The families, each with the model types whose files were seen to have these names.
  public static let all: [ModelFamily] = [
    ModelFamily(
      name: "Llama",
      modelTypes: [
        "llama", "mistral", "mixtral", "qwen2", "qwen2_moe", "qwen3", "qwen3_moe", "olmo", "olmo2",
        "phi3",
      ],
      embedding: "model.embed_tokens.weight", head: "lm_head.weight", tiedByDefault: false),
    ModelFamily(
      name: "SmolLM", modelTypes: ["smollm3"],
      embedding: "model.embed_tokens.weight", head: "lm_head.weight", tiedByDefault: true),
    ModelFamily(
      name: "Gemma", modelTypes: ["gemma", "gemma2", "gemma3_text"],
      embedding: "model.embed_tokens.weight", head: "lm_head.weight", tiedByDefault: true),
  ]

  /// Whether a tensor belongs to the embedding or the head by its name, such as
  /// `lm_head.weight_scale`, so that it may have an element for each token.
  package func ownsTensor(_ name: String) -> Bool {
    [embedding, head].contains { tensor in
      let stem = tensor.utf8.dropLast("weight".utf8.count)
      return name.utf8.starts(with: stem)
    }
  }

  /// All model types that belong to some family.
  public static var knownModelTypes: [String] { all.flatMap(\.modelTypes) }

  /// The family of a `model_type`, or nil.
  public static func containing(modelType: String) -> ModelFamily? {
    all.first { $0.modelTypes.contains(modelType) }
  }
}
