import TesseraBasics
import TesseraCheckpoints

// SmolLM 3: Llama without positions in every fourth layer. Bakouch et al., "SmolLM3", 2025; Yang et al.,
// "RoPE to NoPE and Back Again", 2025, arXiv:2501.18795.

extension TransformerConfiguration {
  static func smolLM3(_ source: ModelConfiguration) throws(CheckpointError) -> Self {
    let source = try source.addingDefaults([
      "num_key_value_heads": 4, "max_position_embeddings": 32_768, "rope_theta": 2_000_000,
    ])
    var c = try Self.llama(source)
    let reader = source.reader
    let hasRotation = try reader.rotatedLayers(count: c.layerCount)
    var isSliding = [Bool](repeating: false, count: c.layerCount)
    if try reader.optionalFlag("use_sliding_window") ?? false {
      isSliding = try reader.slidingLayers(count: c.layerCount) ?? hasRotation.map { !$0 }
    }
    let window = try reader.optionalCount(
      "sliding_window", limit: ModelConfigurationLimit.contextLength)
    let rotary = c.layerAttention[0].rotary
    c.layerAttention = zip(hasRotation, isSliding).map { hasRotation, isSliding in
      LayerAttention(window: isSliding ? window : nil, rotary: hasRotation ? rotary : nil)
    }
    return c
  }
}

extension ConfigurationReader {
  /// Which layers are rotated: those with a 1 in `no_rope_layers`, or all but every so many.
  fileprivate func rotatedLayers(count: Int) throws(CheckpointError) -> [Bool] {
    let key = "no_rope_layers"
    guard let list = try optionalList(key, count: count) else {
      let interval = try optionalCount(
        "no_rope_layer_interval", limit: ModelConfigurationLimit.layerCount)
      return (1...count).map { $0 % (interval ?? 4) != 0 }
    }
    var result: [Bool] = []
    for element in list {
      guard let value = element.int, (0...1).contains(value) else {
        throw fault(key, element, "0 or 1")
      }
      result.append(value == 1)
    }
    return result
  }
}
