public import TesseraCheckpoints

/// The families of models that are computed, by the `model_type` of their `config.json`.
///
/// Each has a file in `Families` that says what its configuration means and what its tensors are called.
public enum TransformerFamily: String, CaseIterable, Hashable, Sendable {
  /// Llama 1 to 3, and what is saved as one: SmolLM 1 and 2, TinyLlama, Yi.
  case llama
  /// Mistral, up to the ones whose layers differ.
  case mistral
  /// Qwen 2 and 2.5.
  case qwen2
  /// Qwen 3, without experts.
  case qwen3
  /// SmolLM 3.
  case smolLM3 = "smollm3"
  /// GPT-2.
  case gpt2
  /// GPT-NeoX and Pythia.
  case gptNeoX = "gpt_neox"
  /// OLMo 2.
  case olmo2
  /// Gemma 1.
  case gemma
  /// Gemma 2.
  case gemma2
  /// Gemma 3, the models that read text alone.
  case gemma3 = "gemma3_text"
  /// BERT.
  case bert
  /// RoBERTa.
  case roberta
  /// XLM-RoBERTa.
  case xlmRoberta = "xlm-roberta"

  /// The values of `model_type`, as the end of a sentence.
  static var expected: String {
    allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
  }

  /// What stands before the names of tensors in checkpoints with a head.
  var namePrefix: String {
    switch self {
    case .gpt2: "transformer."
    case .gptNeoX: "gpt_neox."
    case .bert: "bert."
    case .roberta, .xlmRoberta: "roberta."
    case .llama, .mistral, .qwen2, .qwen3, .smolLM3, .olmo2, .gemma, .gemma2, .gemma3: "model."
    }
  }

  /// What its checkpoints call tensors.
  var names: TensorNames {
    switch self {
    case .llama, .mistral, .qwen2, .qwen3, .smolLM3, .gemma: .llama
    case .gpt2: .gpt2
    case .gptNeoX: .gptNeoX
    case .olmo2: .olmo2
    case .gemma2, .gemma3: .gemma2
    case .bert: .bert
    case .roberta, .xlmRoberta: .roberta
    }
  }

  /// What a `config.json` of the family means.
  fileprivate func configuration(
    _ source: ModelConfiguration
  ) throws(CheckpointError) -> TransformerConfiguration {
    switch self {
    case .llama: try .llama(source)
    case .mistral: try .mistral(source)
    case .qwen2: try .qwen2(source)
    case .qwen3: try .qwen3(source)
    case .smolLM3: try .smolLM3(source)
    case .gpt2: try .gpt2(source)
    case .gptNeoX: try .gptNeoX(source)
    case .olmo2: try .olmo2(source)
    case .gemma: try .gemma(source)
    case .gemma2: try .gemma2(source)
    case .gemma3: try .gemma3(source)
    case .bert: try .bert(source)
    case .roberta, .xlmRoberta: try .roberta(source)
    }
  }
}

extension TransformerConfiguration {
  /// What the model is made of that a `config.json` describes.
  ///
  /// - Throws: `CheckpointError/configuration(path:key:found:expected:)` for a key that asks for
  ///   something that is not computed, such as another model type or activation.
  public init(_ configuration: ModelConfiguration) throws(CheckpointError) {
    guard let family = TransformerFamily(rawValue: configuration.modelType) else {
      throw .configuration(
        path: configuration.path, key: "model_type", found: "\"\(configuration.modelType)\"",
        expected: "one of \(TransformerFamily.expected)")
    }
    self = try family.configuration(configuration)
    self.family = family
    namePrefix = family.namePrefix
    headName = family.names.heads[0]
  }
}
