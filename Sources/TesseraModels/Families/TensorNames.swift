/// What a family's checkpoints call the tensors of a model.
///
/// The names of modules, to which `.weight` and `.bias` are added; the defaults are Llama's.
struct TensorNames: Sendable {
  var embedding = "embed_tokens"
  var positions = ""
  /// Of the segments of an encoder's input.
  var segments = ""
  /// Of the sum of embedding, position and segment, in encoders.
  var embeddingNorm = ""
  /// What stands before the number of a layer.
  var layers = "layers"
  var attentionNorm = "input_layernorm"
  /// The norm behind the attention.
  var attentionOutputNorm = ""
  /// One module, or three.
  var queryKeyValue = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"]
  var queryNorm = "self_attn.q_norm"
  var keyNorm = "self_attn.k_norm"
  var attentionOutput = "self_attn.o_proj"
  var feedForwardNorm = "post_attention_layernorm"
  /// Gate and up, or up alone.
  var feedForwardInput = ["mlp.gate_proj", "mlp.up_proj"]
  var feedForwardOutput = "mlp.down_proj"
  /// The norm behind the feed-forward block.
  var feedForwardOutputNorm = ""
  var finalNorm = "norm"
  /// What the head may be called, the usual name first; the only one without the prefix.
  var heads = ["lm_head.weight"]
  /// How the matrices of layers are stored.
  var matrixForm = StoredForm.plain
  /// What stands before an encoder's head, and the logits' bias, without the prefix.
  var maskedHead = MaskedHeadNames()
  /// Other names of tensors that checkpoints may hold a second time, and transformers does without.
  var copies: [String] = []
  /// Whether queries, keys and values are interleaved by head.
  var interleavesHeads = false

  /// The modules that hold queries, keys and values, with the rows of each.
  func queryKeyValueParts(_ c: TransformerConfiguration) -> [(name: String, rowCount: Int)] {
    let sizes = [c.queryWidth, c.keyValueWidth, c.keyValueWidth]
    if queryKeyValue.count == 1 { return [(queryKeyValue[0], sizes.reduce(0, +))] }
    return zip(queryKeyValue, sizes).map { ($0, $1) }
  }

  /// The norm before a layer's attention, with the prefix: where norms are behind sums, that of the sum
  /// that the layer before ends with.
  func attentionNorm(ofLayer layer: Int, _ c: TransformerConfiguration) -> String {
    if c.normPlacement != .post { return "\(c.namePrefix)\(layers).\(layer).\(attentionNorm)" }
    return layer == 0
      ? c.namePrefix + embeddingNorm
      : "\(c.namePrefix)\(layers).\(layer - 1).\(feedForwardOutputNorm)"
  }

  /// What is added to the logits of an encoder.
  func headBias(_ c: TransformerConfiguration) -> String {
    c.tiedEmbeddings ? maskedHead.bias : maskedHead.untiedBias
  }

  /// The last norm, with the prefix.
  func finalNorm(_ c: TransformerConfiguration) -> String {
    c.normPlacement == .post
      ? attentionNorm(ofLayer: c.layerCount, c) : c.namePrefix + finalNorm
  }
}

/// What checkpoints of encoders call what stands before the head.
struct MaskedHeadNames: Sendable {
  var dense = ""
  var norm = ""
  /// The bias of the logits, and that of a model that is not tied.
  var bias = ""
  var untiedBias = ""
}
