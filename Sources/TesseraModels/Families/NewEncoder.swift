import TesseraBasics
import TesseraCheckpoints

extension TransformerConfiguration {
  /// A new encoder of BERT's parts, with one segment.
  ///
  /// - Precondition: All sizes are positive, and the number of heads divides the width.
  public static func bert(
    vocabularySize: Int, width: Int, layerCount: Int, headCount: Int, feedForwardWidth: Int,
    contextLength: Int
  ) -> TransformerConfiguration {
    precondition(headCount > 0 && width % headCount == 0, "heads divide the width")
    var c = TransformerConfiguration(
      vocabularySize: vocabularySize, width: width, layerCount: layerCount, headCount: headCount,
      feedForwardWidth: feedForwardWidth, contextLength: contextLength, normEpsilon: 1e-12,
      attention: LayerAttention(rotary: nil))
    c.family = .bert
    c.namePrefix = c.family.namePrefix
    c.headName = c.family.names.heads[0]
    c.setEncoderParts()
    c.segmentCount = 1
    return c
  }

  /// What encoders have in place of Llama's parts.
  mutating func setEncoderParts() {
    norm = .layer
    normPlacement = .post
    biases = .all
    feedForward = .gelu
    maskedHead = MaskedHead(activation: feedForward)
    hasLearnedPositions = true
  }

  /// The `config.json` of a new encoder.
  func bertConfiguration() throws(CheckpointError) -> ModelConfiguration {
    try ModelConfiguration(json: [
      "architectures": ["BertForMaskedLM"],
      "attention_probs_dropout_prob": 0,
      "hidden_act": "gelu",
      "hidden_dropout_prob": 0,
      "hidden_size": .init(width),
      "initializer_range": 0.02,
      "intermediate_size": .init(feedForwardWidth),
      // The decimal number that was meant, not the digits of its binary neighbour.
      "layer_norm_eps": .init(Double(normEpsilon.description) ?? Double(normEpsilon)),
      "max_position_embeddings": .init(contextLength),
      "model_type": .string(family.rawValue),
      "num_attention_heads": .init(headCount),
      "num_hidden_layers": .init(layerCount),
      "pad_token_id": nil,
      "tie_word_embeddings": .bool(tiedEmbeddings),
      "type_vocab_size": .init(segmentCount),
      "vocab_size": .init(vocabularySize),
    ])
  }
}
