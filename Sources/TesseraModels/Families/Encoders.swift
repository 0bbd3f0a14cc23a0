import TesseraBasics
import TesseraCheckpoints

// BERT: an encoder with norms behind sums, learned positions and segments, biases everywhere, a block without
// gates. Devlin et al., "BERT", 2019, arXiv:1810.04805, section 3.
//
// RoBERTa and XLM-RoBERTa: the same with one segment, positions that are counted from the ID of the padding
// on, and GELU before the head whatever the layers have. Liu et al., "RoBERTa", 2019, arXiv:1907.11692;
// Conneau et al., "Unsupervised Cross-lingual Representation Learning at Scale", 2020, arXiv:1911.02116.
//
// Dropout, which their configurations name, is not applied in training.

extension TensorNames {
  /// The body of all three.
  private static let encoder = TensorNames(
    embedding: "embeddings.word_embeddings", positions: "embeddings.position_embeddings",
    segments: "embeddings.token_type_embeddings", embeddingNorm: "embeddings.LayerNorm",
    layers: "encoder.layer",
    queryKeyValue: ["attention.self.query", "attention.self.key", "attention.self.value"],
    attentionOutput: "attention.output.dense", feedForwardNorm: "attention.output.LayerNorm",
    feedForwardInput: ["intermediate.dense"], feedForwardOutput: "output.dense",
    feedForwardOutputNorm: "output.LayerNorm")

  static let bert = {
    var names = encoder
    names.heads = ["cls.predictions.decoder.weight"]
    names.maskedHead = MaskedHeadNames(
      dense: "cls.predictions.transform.dense", norm: "cls.predictions.transform.LayerNorm",
      bias: "cls.predictions.bias", untiedBias: "cls.predictions.decoder.bias")
    names.copies = ["cls.predictions.decoder.weight", "cls.predictions.decoder.bias"]
    return names
  }()

  static let roberta = {
    var names = encoder
    names.heads = ["lm_head.decoder.weight"]
    names.maskedHead = MaskedHeadNames(
      dense: "lm_head.dense", norm: "lm_head.layer_norm", bias: "lm_head.bias",
      untiedBias: "lm_head.decoder.bias")
    names.copies = ["lm_head.decoder.weight", "lm_head.decoder.bias"]
    return names
  }()
}

extension TransformerConfiguration {
  static func bert(_ source: ModelConfiguration) throws(CheckpointError) -> Self {
    try Self(encoder: source)
  }

  static func roberta(_ source: ModelConfiguration) throws(CheckpointError) -> Self {
    let reader = source.reader
    var c = try Self(encoder: source)
    c.maskedHead = MaskedHead(activation: .gelu)
    let padding =
      try reader.identifiers(
        "pad_token_id", below: c.vocabularySize, allowsSeveral: false
      ).first ?? 1
    c.positionOffset = padding + 1
    guard c.contextLength > c.positionOffset else {
      throw reader.fault(
        "max_position_embeddings", .init(c.contextLength),
        "more than pad_token_id \(padding) and one, from which positions are counted")
    }
    c.contextLength -= c.positionOffset
    return c
  }

  /// What all three have in common.
  private init(encoder source: ModelConfiguration) throws(CheckpointError) {
    typealias Limit = ModelConfigurationLimit
    let reader = source.reader
    let width = try reader.count("hidden_size", limit: Limit.width)
    let headCount = try reader.count("num_attention_heads", limit: Limit.headCount)
    if width % headCount != 0 {
      throw reader.fault(
        "num_attention_heads", .init(headCount), "a divisor of hidden_size \(width)")
    }
    try reader.require("is_decoder", false)
    try reader.require("add_cross_attention", false)
    if reader.value("position_embedding_type") != nil {
      let kind = try reader.text("position_embedding_type")
      if kind != "absolute" {
        throw reader.fault("position_embedding_type", .string(kind), "\"absolute\"")
      }
    }
    self.init(
      vocabularySize: try reader.count("vocab_size", limit: Limit.vocabularySize), width: width,
      layerCount: try reader.count("num_hidden_layers", limit: Limit.layerCount),
      headCount: headCount,
      feedForwardWidth: try reader.count("intermediate_size", limit: Limit.feedForwardWidth),
      contextLength: try reader.optionalCount(
        "max_position_embeddings", limit: Limit.contextLength) ?? 512,
      normEpsilon: Float(
        try reader.optionalNumber("layer_norm_eps", in: Limit.normEpsilon) ?? 1e-12),
      tiedEmbeddings: source.tiesEmbeddings ?? true, attention: LayerAttention(rotary: nil))
    setEncoderParts()
    feedForward = try reader.plainBlock("hidden_act", default: "gelu")
    maskedHead = MaskedHead(activation: feedForward)
    segmentCount =
      try reader.optionalCount("type_vocab_size", limit: Limit.segmentCount) ?? 2
  }
}
