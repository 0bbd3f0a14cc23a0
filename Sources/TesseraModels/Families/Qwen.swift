import TesseraBasics
import TesseraCheckpoints

// Qwen 2 and 2.5: Llama with biases of queries, keys and values. Qwen 3: with norms of queries and keys
// instead. Yang et al., "Qwen2 Technical Report", 2024, arXiv:2407.10671, section 2.2.1; "Qwen3 Technical
// Report", 2025, arXiv:2505.09388, section 2.

extension TransformerConfiguration {
  static func qwen2(_ source: ModelConfiguration) throws(CheckpointError) -> Self {
    let source = try source.addingDefaults([
      "num_key_value_heads": 32, "max_position_embeddings": 32_768, "sliding_window": 4_096,
    ])
    var c = try Self(likeLlama: source)
    c.biases = .queryKeyValue
    try c.setQwenWindow(source)
    return c
  }

  static func qwen3(_ source: ModelConfiguration) throws(CheckpointError) -> Self {
    let source = try source.addingDefaults([
      "num_key_value_heads": 32, "max_position_embeddings": 32_768, "sliding_window": 4_096,
      "head_dim": 128,
    ])
    var c = try Self(likeLlama: source)
    c.queryKeyNorm = .perHead
    if try source.reader.optionalFlag("attention_bias") ?? false {
      c.biases = [.queryKeyValue, .attentionOutput]
    }
    try c.setQwenWindow(source)
    return c
  }

  /// A window in the layers from `max_window_layers` on, or in those that `layer_types` names; both need
  /// `use_sliding_window`.
  private mutating func setQwenWindow(_ source: ModelConfiguration) throws(CheckpointError) {
    let reader = source.reader
    guard try reader.optionalFlag("use_sliding_window") ?? false else { return }
    let window = try reader.optionalCount(
      "sliding_window", limit: ModelConfigurationLimit.contextLength)
    let first = reader.value("max_window_layers")?.int ?? 28
    let layers = try reader.slidingLayers(count: layerCount)
    setWindow(window, where: layers ?? (0..<layerCount).map { $0 >= first })
  }
}
