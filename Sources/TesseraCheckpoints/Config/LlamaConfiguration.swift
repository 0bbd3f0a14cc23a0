public import TesseraBasics
public import TesseraTensors

/// What `config.json` says about a model of the Llama family, with the defaults filled in.
///
/// Defaults for missing keys are those of `LlamaConfig` in transformers 5.
public struct LlamaConfiguration: Hashable, Sendable {
  /// The rows of embedding and head, `vocab_size`.
  public var vocabularySize: Int
  /// The length of a token's vector, `hidden_size`.
  public var width: Int
  /// The number of blocks, `num_hidden_layers`.
  public var layerCount: Int
  /// The number of query heads, `num_attention_heads`.
  public var headCount: Int
  /// The number of key and value heads, `num_key_value_heads`.
  public var keyValueHeadCount: Int
  /// The length of a head's vectors, `head_dim`; `width / headCount` where not given.
  public var headWidth: Int
  /// The inner length of the feed-forward layer, `intermediate_size`.
  public var feedForwardWidth: Int
  /// The longest sequence, `max_position_embeddings`.
  public var contextLength: Int
  /// The number added to the mean square, `rms_norm_eps`.
  public var normEpsilon: Double
  /// The base of the rotary frequencies, `rope_theta`.
  public var ropeTheta: Double
  /// The rotary scaling with all its keys, or nil for none (and for the type `default`).
  public var ropeScaling: JSONObject?
  /// Whether head and embedding are one matrix, `tie_word_embeddings`.
  public var tiedEmbeddings: Bool
  /// The function of the feed-forward layer's gate, `hidden_act`.
  public var activation: String
  /// Whether the attention's projections have biases, `attention_bias`.
  public var attentionBias: Bool
  /// Whether the feed-forward layer's projections have biases, `mlp_bias`.
  public var feedForwardBias: Bool
  /// The standard deviation of new weights, `initializer_range`.
  public var initializerRange: Double
  /// The type of the stored weights, if the configuration says it and we compute with it.
  public var elementType: ElementType?
  /// The token that begins a text, `bos_token_id`.
  public var beginOfTextID: Int?
  /// The tokens that end a text, `eos_token_id`: none, one or several.
  public var endOfTextIDs: [Int]

  /// A configuration with the given sizes and the family's usual values for the rest.
  public init(
    vocabularySize: Int, width: Int, layerCount: Int, headCount: Int, keyValueHeadCount: Int,
    feedForwardWidth: Int, contextLength: Int, tiedEmbeddings: Bool
  ) {
    self.vocabularySize = vocabularySize
    self.width = width
    self.layerCount = layerCount
    self.headCount = headCount
    self.keyValueHeadCount = keyValueHeadCount
    headWidth = width / headCount
    self.feedForwardWidth = feedForwardWidth
    self.contextLength = contextLength
    normEpsilon = 1e-5
    ropeTheta = 10_000
    ropeScaling = nil
    self.tiedEmbeddings = tiedEmbeddings
    activation = "silu"
    attentionBias = false
    feedForwardBias = false
    initializerRange = 0.02
    elementType = nil
    beginOfTextID = nil
    endOfTextIDs = []
  }
}

extension ModelConfiguration {
  /// The configuration as that of a Llama-like model.
  ///
  /// The model type is not looked at: who builds a model decides which types it can build.
  ///
  /// - Throws: ``CheckpointError/configuration(path:key:found:expected:)`` for a size that is
  ///   missing or impossible.
  public func llama() throws(CheckpointError) -> LlamaConfiguration {
    let reader = ConfigurationReader(json: json, path: path)
    typealias Limit = ModelConfigurationLimit
    let vocabularySize = try reader.count("vocab_size", limit: Limit.vocabularySize)
    let width = try reader.count("hidden_size", limit: Limit.width)
    let headCount = try reader.count("num_attention_heads", limit: Limit.headCount)
    let keyValueHeadCount = try reader.optionalCount(
      "num_key_value_heads", limit: Limit.headCount)
    let contextLength = try reader.optionalCount(
      "max_position_embeddings", limit: Limit.contextLength)
    var result = LlamaConfiguration(
      vocabularySize: vocabularySize, width: width,
      layerCount: try reader.count("num_hidden_layers", limit: Limit.layerCount),
      headCount: headCount, keyValueHeadCount: keyValueHeadCount ?? headCount,
      feedForwardWidth: try reader.count("intermediate_size", limit: Limit.feedForwardWidth),
      contextLength: contextLength ?? 2048,
      tiedEmbeddings: tiesEmbeddings
        ?? ModelFamily.containing(modelType: modelType)?.tiesByDefault(modelType) ?? false)
    if let headWidth = try reader.optionalCount("head_dim", limit: Limit.headWidth) {
      result.headWidth = headWidth
    } else if width % headCount != 0 {
      throw reader.fault(
        "num_attention_heads", json["num_attention_heads"], "a divisor of hidden_size \(width)")
    }
    if headCount % result.keyValueHeadCount != 0 {
      throw reader.fault(
        "num_key_value_heads", json["num_key_value_heads"],
        "a divisor of num_attention_heads \(headCount)")
    }
    result.normEpsilon =
      try reader.optionalNumber("rms_norm_eps", in: Limit.normEpsilon) ?? 1e-6
    result.activation = try reader.value("hidden_act") == nil ? "silu" : reader.text("hidden_act")
    result.attentionBias = try reader.optionalFlag("attention_bias") ?? false
    result.feedForwardBias = try reader.optionalFlag("mlp_bias") ?? false
    result.initializerRange = initializerRange ?? 0.02
    result.elementType = elementType
    (result.ropeTheta, result.ropeScaling) = try rope(reader)
    result.beginOfTextID = try reader.identifiers(
      "bos_token_id", below: vocabularySize, allowsSeveral: false
    ).first
    result.endOfTextIDs = try reader.identifiers(
      "eos_token_id", below: vocabularySize, allowsSeveral: true)
    return result
  }

  /// The type of the stored weights, `dtype` or `torch_dtype`, if we compute with it; a null counts
  /// as missing.
  ///
  /// Setting it changes the keys that are there, and where there is none, adds that of the dialect;
  /// nil changes nothing.
  public var elementType: ElementType? {
    get {
      let reader = ConfigurationReader(json: json, path: path)
      switch (reader.value("dtype") ?? reader.value("torch_dtype"))?.string {
      case "float32": return .f32
      case "bfloat16": return .bf16
      case "float16": return .f16
      default: return nil
      }
    }
    set {
      guard let newValue else { return }
      let present = ["dtype", "torch_dtype"].filter { json[$0] != nil }
      let added = dialect == .version5 ? "dtype" : "torch_dtype"
      for key in present.isEmpty ? [added] : present { setValue(Self.name(of: newValue), of: key) }
    }
  }

  /// What a configuration calls an element type.
  static func name(of type: ElementType) -> JSONValue {
    switch type {
    case .f32: "float32"
    case .bf16: "bfloat16"
    case .f16: "float16"
    }
  }

  /// The rotary base and scaling of either dialect.
  private func rope(
    _ reader: ConfigurationReader
  ) throws(CheckpointError) -> (theta: Double, scaling: JSONObject?) {
    let range = ModelConfigurationLimit.ropeTheta
    var theta = try reader.optionalNumber("rope_theta", in: range)
    let key = reader.value("rope_parameters") != nil ? "rope_parameters" : "rope_scaling"
    guard let value = reader.value(key) else { return (theta ?? 10_000, nil) }
    guard var parameters = value.object else { throw reader.fault(key, value, "an object") }
    let inner = ConfigurationReader(json: parameters, path: path, prefix: "\(key).")
    theta = try inner.optionalNumber("rope_theta", in: range) ?? theta
    let type = inner.value("rope_type") ?? inner.value("type")
    if type == nil || type?.string == "default" { return (theta ?? 10_000, nil) }
    // The base has a place of its own, in both dialects the same.
    parameters["rope_theta"] = nil
    return (theta ?? 10_000, parameters)
  }
}
