import TesseraBasics
import TesseraCheckpoints

// GPT-2: layer norms, learned positions, biases everywhere, a block without gates. Radford et al.,
// "Language Models are Unsupervised Multitask Learners", 2019, section 2.3. Its files hold matrices as
// [inputs, outputs], with queries, keys and values in one.

extension TensorNames {
  static let gpt2 = TensorNames(
    embedding: "wte", positions: "wpe", layers: "h", attentionNorm: "ln_1",
    queryKeyValue: ["attn.c_attn"], attentionOutput: "attn.c_proj", feedForwardNorm: "ln_2",
    feedForwardInput: ["mlp.c_fc"], feedForwardOutput: "mlp.c_proj", finalNorm: "ln_f",
    matrixForm: .transposed)
}

extension TransformerConfiguration {
  static func gpt2(_ source: ModelConfiguration) throws(CheckpointError) -> Self {
    typealias Limit = ModelConfigurationLimit
    let reader = source.reader
    let width = try reader.count("n_embd", limit: Limit.width)
    let headCount = try reader.count("n_head", limit: Limit.headCount)
    if width % headCount != 0 {
      throw reader.fault("n_head", .init(headCount), "a divisor of n_embd \(width)")
    }
    try reader.require("add_cross_attention", false)
    try reader.require("scale_attn_by_inverse_layer_idx", false)
    var c = Self(
      vocabularySize: try reader.count("vocab_size", limit: Limit.vocabularySize), width: width,
      layerCount: try reader.count("n_layer", limit: Limit.layerCount), headCount: headCount,
      feedForwardWidth: try reader.optionalCount("n_inner", limit: Limit.feedForwardWidth)
        ?? 4 * width,
      contextLength: try reader.optionalCount("n_positions", limit: Limit.contextLength) ?? 1_024,
      normEpsilon: Float(
        try reader.optionalNumber("layer_norm_epsilon", in: Limit.normEpsilon) ?? 1e-5),
      tiedEmbeddings: source.tiesEmbeddings ?? true, attention: LayerAttention(rotary: nil))
    c.norm = .layer
    c.biases = .all
    c.feedForward = try reader.plainBlock("activation_function", default: "gelu_new")
    c.hasLearnedPositions = true
    if try reader.optionalFlag("scale_attn_weights") == false { c.attentionScale = 1 }
    return c
  }
}
