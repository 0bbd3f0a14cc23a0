/// The matrices of a layer that have a bias.
public struct BiasedMatrices: OptionSet, Hashable, Sendable {
  /// The bits.
  public let rawValue: Int

  /// Matrices by their bits.
  public init(rawValue: Int) { self.rawValue = rawValue }

  /// Those that make queries, keys and values.
  public static let queryKeyValue = BiasedMatrices(rawValue: 1 << 0)
  /// The one behind the heads.
  public static let attentionOutput = BiasedMatrices(rawValue: 1 << 1)
  /// All of the feed-forward block.
  public static let feedForward = BiasedMatrices(rawValue: 1 << 2)
  /// All matrices of a layer.
  public static let all: BiasedMatrices = [.queryKeyValue, .attentionOutput, .feedForward]
}
