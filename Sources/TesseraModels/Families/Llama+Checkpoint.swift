public import TesseraCheckpoints

extension TransformerConfiguration {
  /// The model types whose tensors and operations are those of this family.
  public static let modelTypes = ["llama"]

  /// The shape of the model that a `config.json` describes.
  ///
  /// - Throws: `CheckpointError/configuration(path:key:found:expected:)` for a key that asks for
  ///   something else than this family computes: another model type or activation, biases, scaled
  ///   rotary frequencies, heads of odd width.
  public init(_ configuration: ModelConfiguration) throws(CheckpointError) {
    func check(_ key: String, _ found: String, _ holds: Bool, _ expected: String)
      throws(CheckpointError)
    {
      if holds { return }
      throw .configuration(
        path: configuration.path, key: key, found: found, expected: expected)
    }
    let type = configuration.modelType
    try check(
      "model_type", "\"\(type)\"", Self.modelTypes.contains(type),
      Self.modelTypes.map { "\"\($0)\"" }.joined(separator: " or "))
    let llama = try configuration.llama()
    try check(
      "hidden_act", "\"\(llama.activation)\"", ["silu", "swish"].contains(llama.activation),
      "\"silu\"")
    try check("attention_bias", "true", !llama.attentionBias, "false")
    try check("mlp_bias", "true", !llama.feedForwardBias, "false")
    try check("rope_scaling", "an object", llama.ropeScaling == nil, "no scaling")
    try check("head_dim", "\(llama.headWidth)", llama.headWidth % 2 == 0, "an even number")
    self.init(
      vocabularySize: llama.vocabularySize, width: llama.width, layerCount: llama.layerCount,
      headCount: llama.headCount, keyValueHeadCount: llama.keyValueHeadCount,
      headWidth: llama.headWidth, feedForwardWidth: llama.feedForwardWidth,
      contextLength: llama.contextLength, normEpsilon: Float(llama.normEpsilon),
      ropeTheta: llama.ropeTheta, tiedEmbeddings: llama.tiedEmbeddings)
  }
}
