// The Llama family: the names and the order of its tensors.

extension ParameterLayout {
  /// The layout of a model of the Llama family, with Hugging Face's names.
  public init(_ configuration: TransformerConfiguration) {
    let c = configuration
    let embedding = [c.vocabularySize, c.width]
    var list: [(name: String, shape: [Int], role: Role)] = [
      (LlamaNames.embedding, embedding, .embedding)
    ]
    for layer in 0..<c.layerCount {
      let names = LlamaNames(layer: layer)
      list += [
        (names.attentionNorm, [c.width], .norm),
        (names.queries, [c.queryWidth, c.width], .matrix),
        (names.keys, [c.keyValueWidth, c.width], .matrix),
        (names.values, [c.keyValueWidth, c.width], .matrix),
        (names.attentionOutput, [c.width, c.queryWidth], .matrix),
        (names.feedForwardNorm, [c.width], .norm),
        (names.gate, [c.feedForwardWidth, c.width], .matrix),
        (names.up, [c.feedForwardWidth, c.width], .matrix),
        (names.down, [c.width, c.feedForwardWidth], .matrix),
      ]
    }
    list.append((LlamaNames.finalNorm, [c.width], .norm))
    if !c.tiedEmbeddings { list.append((LlamaNames.head, embedding, .head)) }
    self.init(list)
  }
}

/// The names of tensors in checkpoints of the family.
struct LlamaNames {
  static let embedding = "model.embed_tokens.weight"
  static let finalNorm = "model.norm.weight"
  static let head = "lm_head.weight"

  /// The number of the layer.
  let layer: Int

  private var prefix: String { "model.layers.\(layer)." }
  var attentionNorm: String { prefix + "input_layernorm.weight" }
  var queries: String { prefix + "self_attn.q_proj.weight" }
  var keys: String { prefix + "self_attn.k_proj.weight" }
  var values: String { prefix + "self_attn.v_proj.weight" }
  var attentionOutput: String { prefix + "self_attn.o_proj.weight" }
  var feedForwardNorm: String { prefix + "post_attention_layernorm.weight" }
  var gate: String { prefix + "mlp.gate_proj.weight" }
  var up: String { prefix + "mlp.up_proj.weight" }
  var down: String { prefix + "mlp.down_proj.weight" }
}
