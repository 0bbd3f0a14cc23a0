import TesseraBasics
import TesseraCheckpoints

// GPT-NeoX and Pythia: layer norms, biases everywhere, a block without gates, both blocks of a layer beside
// each other, and a part of each head rotated. Black et al., "GPT-NeoX-20B", 2022, arXiv:2204.06745,
// section 2.1. Its files hold for each head its queries, keys and values.

extension TensorNames {
  static let gptNeoX = TensorNames(
    embedding: "embed_in", attentionNorm: "input_layernorm",
    queryKeyValue: ["attention.query_key_value"], attentionOutput: "attention.dense",
    feedForwardNorm: "post_attention_layernorm", feedForwardInput: ["mlp.dense_h_to_4h"],
    feedForwardOutput: "mlp.dense_4h_to_h", finalNorm: "final_layer_norm",
    heads: ["embed_out.weight", "lm_head.weight"],
    interleavesHeads: true)
}

extension TransformerConfiguration {
  static func gptNeoX(_ source: ModelConfiguration) throws(CheckpointError) -> Self {
    typealias Limit = ModelConfigurationLimit
    let reader = source.reader
    let width = try reader.count("hidden_size", limit: Limit.width)
    let headCount = try reader.count("num_attention_heads", limit: Limit.headCount)
    if width % headCount != 0 {
      throw reader.fault(
        "num_attention_heads", .init(headCount), "a divisor of hidden_size \(width)")
    }
    let contextLength =
      try reader.optionalCount("max_position_embeddings", limit: Limit.contextLength) ?? 2_048
    var c = Self(
      vocabularySize: try reader.count("vocab_size", limit: Limit.vocabularySize), width: width,
      layerCount: try reader.count("num_hidden_layers", limit: Limit.layerCount),
      headCount: headCount,
      feedForwardWidth: try reader.count("intermediate_size", limit: Limit.feedForwardWidth),
      contextLength: contextLength,
      normEpsilon: Float(
        try reader.optionalNumber("layer_norm_eps", in: Limit.normEpsilon) ?? 1e-5),
      tiedEmbeddings: source.tiesEmbeddings ?? false,
      attention: LayerAttention(
        rotary: try reader.partialRotation(
          headWidth: width / headCount, contextLength: contextLength)))
    c.norm = .layer
    c.biases = .all
    if try reader.optionalFlag("attention_bias") == false { c.biases = .feedForward }
    c.feedForward = try reader.plainBlock("hidden_act", default: "gelu")
    c.hasParallelBlocks = try reader.optionalFlag("use_parallel_residual") ?? true
    return c
  }
}

extension ConfigurationReader {
  /// The rotation of the first components of each head: by `rope_parameters` in version 5, by `rotary_pct`
  /// and `rotary_emb_base` before.
  fileprivate func partialRotation(
    headWidth: Int, contextLength: Int
  ) throws(CheckpointError) -> RotaryPositions? {
    typealias Limit = ModelConfigurationLimit
    let scaling =
      try value("rope_parameters") == nil
      ? optionalObject("rope_scaling") : optionalObject("rope_parameters")
    let base = try scaling?.optionalNumber("rope_theta", in: Limit.ropeTheta)
    let olderBase = try optionalNumber("rotary_emb_base", in: Limit.ropeTheta)
    let part = try scaling?.optionalNumber("partial_rotary_factor", in: 0...1)
    let olderPart = try optionalNumber("rotary_pct", in: 0...1)
    let share = part ?? olderPart ?? 0.25
    let width = Int(Double(headWidth) * share)
    if width == 0 { return nil }
    if width % 2 != 0 {
      throw fault(
        "rotary_pct", .init(share), "a share of the head's width \(headWidth) that is even")
    }
    return RotaryPositions(
      theta: base ?? olderBase ?? 10_000, width: width,
      scaling: try scaling?.rotaryScaling(contextLength: contextLength) ?? .none)
  }
}
