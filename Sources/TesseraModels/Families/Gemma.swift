import TesseraBasics
import TesseraCheckpoints

// Gemma: Llama with one added to the weights of norms, GELU in place of SiLU, and an embedding that is
// scaled at the input. Gemma Team, 2024, arXiv:2403.08295, section 2.
//
// Gemma 2: norms behind the blocks as well, a window in every other layer, soft caps of scores and of logits.
// 2024, arXiv:2408.00118, section 2.
//
// Gemma 3, text alone: norms of queries and keys in place of the caps, and a window with rotary frequencies
// of its own in all but every sixth layer. 2025, arXiv:2503.19786, section 2.

extension TensorNames {
  static let gemma2 = TensorNames(
    attentionOutputNorm: "post_attention_layernorm", feedForwardNorm: "pre_feedforward_layernorm",
    feedForwardOutputNorm: "post_feedforward_layernorm")
}

extension TransformerConfiguration {
  static func gemma(_ source: ModelConfiguration) throws(CheckpointError) -> Self {
    let source = try source.addingDefaults([
      "head_dim": 256, "max_position_embeddings": 8_192, "num_key_value_heads": 16,
    ])
    var c = try Self(likeGemma: source, activationKey: "hidden_act")
    // The first files say "gelu" and mean the approximation.
    if c.feedForward == .geGLU { c.feedForward = .geGLUTanh }
    return c
  }

  static func gemma2(_ source: ModelConfiguration) throws(CheckpointError) -> Self {
    let source = try source.addingDefaults([
      "head_dim": 256, "max_position_embeddings": 8_192, "num_key_value_heads": 4,
      "sliding_window": 4_096, "attn_logit_softcapping": 50, "final_logit_softcapping": 30,
    ])
    var c = try Self(likeGemma: source, activationKey: "hidden_activation")
    try c.setGemma2Parts(source.reader)
    c.attentionSoftCap = try source.reader.softCap("attn_logit_softcapping")
    let layers = try source.reader.slidingLayers(count: c.layerCount)
    c.setWindow(
      try source.reader.optionalCount(
        "sliding_window", limit: ModelConfigurationLimit.contextLength),
      where: layers ?? (0..<c.layerCount).map { $0 % 2 == 0 })
    return c
  }

  static func gemma3(_ source: ModelConfiguration) throws(CheckpointError) -> Self {
    let source = try source.addingDefaults([
      "head_dim": 256, "max_position_embeddings": 131_072, "num_key_value_heads": 4,
      "sliding_window": 4_096, "rope_theta": 1_000_000, "rope_local_base_freq": 10_000,
    ])
    let reader = source.reader
    var c = try Self(likeGemma: source, activationKey: "hidden_activation")
    try c.setGemma2Parts(reader)
    c.queryKeyNorm = .perHead
    if let cap = try reader.softCap("attn_logit_softcapping") {
      throw reader.fault("attn_logit_softcapping", .init(Double(cap)), "null")
    }
    typealias Limit = ModelConfigurationLimit
    let period = try reader.optionalCount("sliding_window_pattern", limit: Limit.layerCount) ?? 6
    let layers =
      try reader.slidingLayers(count: c.layerCount)
      ?? (1...c.layerCount).map { $0 % period != 0 }
    let window = try reader.optionalCount("sliding_window", limit: Limit.contextLength)
    let sliding = LayerAttention(
      window: window, rotary: try c.gemma3Rotation(reader, isSliding: true))
    let full = LayerAttention(rotary: try c.gemma3Rotation(reader, isSliding: false))
    c.layerAttention = layers.map { $0 ? sliding : full }
    return c
  }

  /// What all three have in common.
  private init(
    likeGemma source: ModelConfiguration, activationKey: String
  ) throws(CheckpointError) {
    let reader = source.reader
    try reader.require("use_bidirectional_attention", false)
    try self.init(
      likeLlama: source.addingDefaults([activationKey: "gelu_pytorch_tanh"]),
      activationKey: activationKey)
    norm = .rmsWithUnitOffset
    embeddingScale = Float(Double(width).squareRoot())
    if try reader.optionalFlag("attention_bias") ?? false {
      biases = [.queryKeyValue, .attentionOutput]
    }
  }

  /// What Gemma 2 has and Gemma 3 kept.
  private mutating func setGemma2Parts(_ reader: ConfigurationReader) throws(CheckpointError) {
    normPlacement = .beforeAndAfter
    let scalar = try reader.optionalNumber("query_pre_attn_scalar", in: 1e-6...1e9) ?? 256
    attentionScale = Float(1 / scalar.squareRoot())
    logitSoftCap = try reader.softCap("final_logit_softcapping")
  }

  /// The rotation of layers with a window, or of the others: in `rope_parameters` by the type of layer in
  /// version 5, in keys of their own before.
  private func gemma3Rotation(
    _ reader: ConfigurationReader, isSliding: Bool
  ) throws(CheckpointError) -> RotaryPositions {
    let range = ModelConfigurationLimit.ropeTheta
    let theta = try reader.number(isSliding ? "rope_local_base_freq" : "rope_theta", in: range)
    let nested = try reader.optionalObject("rope_parameters")
    var own = try nested?.optionalObject(isSliding ? "sliding_attention" : "full_attention")
    // In version 4 a scaling is that of layers without a window.
    if nested == nil, !isSliding { own = try reader.optionalObject("rope_scaling") }
    return RotaryPositions(
      theta: try own?.optionalNumber("rope_theta", in: range) ?? theta, width: headWidth,
      scaling: try own?.rotaryScaling(contextLength: contextLength) ?? .none)
  }
}

extension ConfigurationReader {
  /// What is capped, if it is.
  fileprivate func softCap(_ key: String) throws(CheckpointError) -> Float? {
    try optionalNumber(key, in: ModelConfigurationLimit.softCap).map { Float($0) }
  }
}
