import TesseraModels
import TesseraTokenizers
import TesseraTraining

/// A tokenizer whose tokens are single bytes, and an end of text.
func byteTokenizer() throws -> Tokenizer {
  var options = BPETrainerOptions(vocabularySize: 257)
  options.specialTokens = ["<|endoftext|>"]
  options.pattern = .gpt2
  return try BPETrainer.train(
    on: PreTokenCounts([(bytes: Array("a".utf8), count: UInt64(1))]), options
  ).makeTokenizer()
}

/// A model that gives every token the same probability.
func uniformModel(vocabularySize: Int, contextLength: Int = 512) -> Transformer {
  let configuration = TransformerConfiguration(
    vocabularySize: vocabularySize, width: 8, layerCount: 1, headCount: 2, feedForwardWidth: 8,
    contextLength: contextLength)
  var model = Transformer(configuration: configuration, seed: 1)
  for i in model.layout["model.embed_tokens.weight"]!.range { model.parameters[i] = 0 }
  return model
}

/// A model that predicts what came after the token where it was last seen: an induction head made by hand.
///
/// The stream has three parts with an element for each token. The first layer sees two tokens and leaves
/// which one was before in the second part; the second looks for positions before which the present token
/// was, and leaves what stands there in the third part, which the head reads.
func copyingModel(vocabularySize count: Int, contextLength: Int = 512) -> Transformer {
  let headWidth = count + count % 2
  var configuration = TransformerConfiguration(
    vocabularySize: count, width: 3 * count, layerCount: 2, headCount: 1, headWidth: headWidth,
    feedForwardWidth: 2, contextLength: contextLength, tiedEmbeddings: false)
  configuration.layerAttention = [
    LayerAttention(window: 2, rotary: nil), LayerAttention(rotary: nil),
  ]
  var model = Transformer(configuration: configuration, seed: 1)
  let width = 3 * count
  // Norms divide by the root of the mean square, of which two ones in the row are the most.
  let scale = (Float(width) / 2).squareRoot()
  func set(_ name: String, _ value: (_ row: Int, _ column: Int) -> Float, columns: Int) {
    let range = model.layout[name]!.range
    for i in range {
      model.parameters[i] = value(
        (i - range.lowerBound) / columns, (i - range.lowerBound) % columns)
    }
  }
  set(
    "model.embed_tokens.weight",
    { row, column in column == row ? 1 : column == row + count ? -1 : 0 }, columns: width)
  for layer in 0..<2 {
    let prefix = "model.layers.\(layer)."
    for name in ["mlp.gate_proj", "mlp.up_proj"] {
      set(prefix + name + ".weight", { _, _ in 0 }, columns: width)
    }
    set(prefix + "mlp.down_proj.weight", { _, _ in 0 }, columns: 2)
    let sharpness: Float = layer == 0 ? 0 : 2
    set(
      prefix + "self_attn.q_proj.weight",
      { $0 < count && $1 == $0 ? sharpness : 0 }, columns: width)
    set(
      prefix + "self_attn.k_proj.weight",
      { $0 < count && $1 == $0 + count ? sharpness : 0 }, columns: width)
    set(
      prefix + "self_attn.v_proj.weight",
      { $0 < count && $1 == $0 ? 1 / scale : 0 }, columns: width)
    // The mean of this token and the one before, twice, less this one, is the one before.
    let target = layer == 0 ? count : 2 * count
    set(
      prefix + "self_attn.o_proj.weight",
      { $1 < count && $0 == $1 + target ? (layer == 0 ? 2 : 1) : 0 }, columns: headWidth)
  }
  set("lm_head.weight", { $1 == $0 + 2 * count ? 1 : 0 }, columns: width)
  return model
}
