import TesseraBasics
import TesseraCheckpoints

// Mistral: Llama with a sliding window in all layers. Jiang et al., 2023, arXiv:2310.06825, section 2.

extension TransformerConfiguration {
  static func mistral(_ source: ModelConfiguration) throws(CheckpointError) -> Self {
    let source = try source.addingDefaults([
      "num_key_value_heads": 8, "max_position_embeddings": 131_072, "sliding_window": 4_096,
    ])
    var c = try Self(likeLlama: source)
    let window = try source.reader.optionalCount(
      "sliding_window", limit: ModelConfigurationLimit.contextLength)
    c.setWindow(window, where: [true])
    return c
  }
}
