import TesseraBasics
import TesseraCheckpoints

// OLMo 2: Llama with norms behind its blocks in place of before them, and norms of all queries and of all
// keys. OLMo et al., "2 OLMo 2 Furious", 2025, arXiv:2501.00656, section 2.

extension TensorNames {
  static let olmo2 = TensorNames(
    attentionOutputNorm: "post_attention_layernorm",
    feedForwardOutputNorm: "post_feedforward_layernorm")
}

extension TransformerConfiguration {
  static func olmo2(_ source: ModelConfiguration) throws(CheckpointError) -> Self {
    let source = try source.addingDefaults(["rms_norm_eps": 1e-5])
    var c = try Self(likeLlama: source)
    c.normPlacement = .after
    c.queryKeyNorm = .wholeWidth
    if try source.reader.optionalFlag("attention_bias") ?? false {
      c.biases = [.queryKeyValue, .attentionOutput]
    }
    return c
  }
}
