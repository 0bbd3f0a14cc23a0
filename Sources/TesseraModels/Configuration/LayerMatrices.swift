/// Some of the matrices of a layer, such as those that have a bias, or those that have adapters.
public struct LayerMatrices: OptionSet, Hashable, Sendable {
  /// The bits.
  public let rawValue: Int

  /// Matrices by their bits.
  public init(rawValue: Int) { self.rawValue = rawValue }

  /// Those that make queries, keys and values.
  public static let queryKeyValue = LayerMatrices(rawValue: 1 << 0)
  /// The one behind the heads.
  public static let attentionOutput = LayerMatrices(rawValue: 1 << 1)
  /// All of the feed-forward block.
  public static let feedForward = LayerMatrices(rawValue: 1 << 2)
  /// All matrices of a layer.
  public static let all: LayerMatrices = [.queryKeyValue, .attentionOutput, .feedForward]
}
