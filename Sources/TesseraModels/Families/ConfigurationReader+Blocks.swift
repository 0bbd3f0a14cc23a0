import TesseraBasics
import TesseraCheckpoints

// What several families say in the same words.

extension ConfigurationReader {
  /// A gated feed-forward block by the name of its function.
  func gatedBlock(_ key: String, default name: String = "silu") throws(CheckpointError)
    -> FeedForwardBlock
  {
    switch value(key) == nil ? name : try text(key) {
    case "silu", "swish": return .swiGLU
    case "gelu": return .geGLU
    case "gelu_new", "gelu_pytorch_tanh", "gelu_fast": return .geGLUTanh
    default:
      throw fault(key, value(key), "\"silu\", \"gelu\" or \"gelu_pytorch_tanh\"")
    }
  }

  /// A feed-forward block without gates by the name of its function.
  func plainBlock(_ key: String, default name: String) throws(CheckpointError) -> FeedForwardBlock {
    switch value(key) == nil ? name : try text(key) {
    case "gelu": return .gelu
    case "gelu_new", "gelu_pytorch_tanh", "gelu_fast": return .geluTanh
    default: throw fault(key, value(key), "\"gelu\", \"gelu_new\" or \"gelu_fast\"")
    }
  }

  /// Sees to it that a key has the only value that is computed, where it is there.
  func require(_ key: String, _ expected: Bool) throws(CheckpointError) {
    if let flag = try optionalFlag(key), flag != expected {
      throw fault(key, .bool(flag), "\(expected)")
    }
  }

  /// Which layers have a sliding window, by `layer_types`, if that is there.
  func slidingLayers(count: Int) throws(CheckpointError) -> [Bool]? {
    let key = "layer_types"
    guard let types = try optionalList(key, count: count) else { return nil }
    var result: [Bool] = []
    for type in types {
      switch type.string {
      case "sliding_attention": result.append(true)
      case "full_attention": result.append(false)
      default: throw fault(key, type, "\"sliding_attention\" or \"full_attention\"")
      }
    }
    return result
  }

  /// How rotary frequencies are scaled, by the keys of `rope_scaling`.
  ///
  /// - Parameter contextLength: The longest sequence of the model.
  func rotaryScaling(contextLength: Int) throws(CheckpointError) -> RotaryScaling {
    typealias Limit = ModelConfigurationLimit
    let key = value("rope_type") != nil ? "rope_type" : "type"
    if value(key) == nil { return .none }
    let type = try text(key)
    let original =
      try optionalCount("original_max_position_embeddings", limit: Limit.contextLength)
      ?? contextLength
    switch type {
    case "default": return .none
    case "linear": return .linear(factor: try number("factor", in: Limit.ropeScaling))
    case "llama3":
      return .llama3(
        Llama3Scaling(
          factor: try number("factor", in: Limit.ropeScaling),
          lowFrequencyFactor: try number("low_freq_factor", in: Limit.ropeScaling),
          highFrequencyFactor: try number("high_freq_factor", in: Limit.ropeScaling),
          originalContextLength: original))
    case "yarn": return .yarn(try yarn(contextLength: contextLength, original: original))
    default:
      throw fault(key, value(key), "\"default\", \"linear\", \"llama3\" or \"yarn\"")
    }
  }

  private func yarn(contextLength: Int, original: Int) throws(CheckpointError) -> YaRNScaling {
    let range = ModelConfigurationLimit.ropeScaling
    let factor =
      try optionalNumber("factor", in: range) ?? Double(contextLength) / Double(original)
    let share = try optionalNumber("mscale", in: 0...range.upperBound) ?? 0
    let shareOfAll = try optionalNumber("mscale_all_dim", in: 0...range.upperBound) ?? 0
    // As in transformers: both shares, or neither.
    let amplitude =
      share > 0 && shareOfAll > 0
      ? YaRNScaling.amplitude(factor: factor, share: share)
        / YaRNScaling.amplitude(factor: factor, share: shareOfAll)
      : YaRNScaling.amplitude(factor: factor)
    return YaRNScaling(
      factor: factor, amplitude: try optionalNumber("attention_factor", in: range) ?? amplitude,
      fastTurns: try optionalNumber("beta_fast", in: range) ?? 32,
      slowTurns: try optionalNumber("beta_slow", in: range) ?? 1, originalContextLength: original,
      roundsEnds: try optionalFlag("truncate") ?? true)
  }
}

extension TransformerConfiguration {
  /// Gives some layers a window.
  ///
  /// - Parameter isSliding: For each layer, whether it has.
  mutating func setWindow(_ window: Int?, where isSliding: [Bool]) {
    guard window != nil, isSliding.contains(true) else { return }
    let attention = layerAttention[0]
    var sliding = attention
    sliding.window = window
    layerAttention =
      isSliding.contains(false) ? isSliding.map { $0 ? sliding : attention } : [sliding]
  }
}
