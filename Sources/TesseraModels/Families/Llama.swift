import TesseraBasics
import TesseraCheckpoints

// Llama, and what all families that are built like it have in common.

extension TensorNames {
  static let llama = TensorNames()
}

extension TransformerConfiguration {
  static func llama(_ source: ModelConfiguration) throws(CheckpointError) -> Self {
    let llama = try source.llama()
    var c = try Self(likeLlama: source)
    if llama.attentionBias { c.biases.formUnion([.queryKeyValue, .attentionOutput]) }
    if llama.feedForwardBias { c.biases.insert(.feedForward) }
    return c
  }

  /// Sizes, epsilon, activation, rotary positions and tying by the keys of Llama, and otherwise the
  /// defaults.
  ///
  /// - Parameters:
  ///   - source: The configuration, with the defaults of its family.
  ///   - activationKey: What the family calls the function of the feed-forward block.
  init(
    likeLlama source: ModelConfiguration, activationKey: String = "hidden_act"
  ) throws(CheckpointError) {
    let (llama, reader) = (try source.llama(), source.reader)
    if llama.headWidth % 2 != 0 {
      throw reader.fault("head_dim", .init(llama.headWidth), "an even number")
    }
    self.init(
      vocabularySize: llama.vocabularySize, width: llama.width, layerCount: llama.layerCount,
      headCount: llama.headCount, keyValueHeadCount: llama.keyValueHeadCount,
      headWidth: llama.headWidth, feedForwardWidth: llama.feedForwardWidth,
      contextLength: llama.contextLength, normEpsilon: Float(llama.normEpsilon),
      tiedEmbeddings: llama.tiedEmbeddings)
    feedForward = try reader.gatedBlock(activationKey)
    let scaling = llama.ropeScaling.map {
      ConfigurationReader(
        json: $0, path: source.path,
        prefix: reader.value("rope_parameters") != nil ? "rope_parameters." : "rope_scaling.")
    }
    let places = [
      reader, try reader.optionalObject("rope_parameters"),
      try reader.optionalObject("rope_scaling"),
    ]
    for place in places.compactMap({ $0 }) {
      if let share = try place.optionalNumber("partial_rotary_factor", in: 0...1), share != 1 {
        throw place.fault("partial_rotary_factor", .init(share), "1")
      }
    }
    layerAttention = [
      LayerAttention(
        rotary: RotaryPositions(
          theta: llama.ropeTheta, width: llama.headWidth,
          scaling: try scaling?.rotaryScaling(contextLength: llama.contextLength) ?? .none))
    ]
  }
}
