/// The limits of what is read from a `config.json`.
///
/// Each is well above the largest published model. Together they keep every product of sizes below
/// 2^62, so that the shapes of all tensors can be computed before the weights are looked at.
public enum ModelConfigurationLimit {
  /// The rows of embedding and head, `vocab_size`: as many as a tokenizer may have tokens.
  public static let vocabularySize = 1 << 24
  /// The length of a row, `hidden_size`.
  public static let width = 1 << 17
  /// The number of blocks, `num_hidden_layers`.
  public static let layerCount = 1 << 12
  /// The number of heads of a block, `num_attention_heads` and `num_key_value_heads`.
  public static let headCount = 1 << 13
  /// The length of a head's vectors, `head_dim`.
  public static let headWidth = 1 << 13
  /// The inner length of the feed-forward layer, `intermediate_size`.
  public static let feedForwardWidth = 1 << 20
  /// The longest sequence, `max_position_embeddings`.
  public static let contextLength = 1 << 24
  /// The kinds of segments, `type_vocab_size`.
  package static let segmentCount = 1 << 12
  /// The deviation of new weights, `initializer_range`.
  public static let initializerRange = 0.0...1_000.0
  /// The number added to the mean square, `rms_norm_eps`.
  public static let normEpsilon = 0.0...1.0
  /// The factor by which rotary frequencies are scaled, `factor`, and what else scales them.
  package static let ropeScaling = 1e-6...1e9
  /// What scores and logits are capped at, such as `final_logit_softcapping`.
  package static let softCap = 1e-3...1e9
  /// The base of the rotary frequencies, `rope_theta`.
  public static let ropeTheta = 1.0...1e15
}
