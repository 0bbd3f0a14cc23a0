/// What a family's checkpoints call the tensors of a decoder.
///
/// The names of modules, to which `.weight` and `.bias` are added; the defaults are Llama's.
struct TensorNames: Sendable {
  var embedding = "embed_tokens"
  var positions = ""
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
  /// Whether queries, keys and values are interleaved by head.
  var interleavesHeads = false

  /// The modules that hold queries, keys and values, with the rows of each.
  func queryKeyValueParts(_ c: TransformerConfiguration) -> [(name: String, rowCount: Int)] {
    let sizes = [c.queryWidth, c.keyValueWidth, c.keyValueWidth]
    if queryKeyValue.count == 1 { return [(queryKeyValue[0], sizes.reduce(0, +))] }
    return zip(queryKeyValue, sizes).map { ($0, $1) }
  }
}
