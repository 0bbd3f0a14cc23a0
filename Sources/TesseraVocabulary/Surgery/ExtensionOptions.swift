/// How new tokens get their rows and their places.
public struct ExtensionOptions: Hashable, Sendable {
  /// The method for input rows, and for output rows where nothing else is said.
  ///
  /// The mean of the pieces starts from what the model has read in place of a new token, and is the
  /// best of the methods without outside knowledge in every comparison that we know.
  public var inputMethod = InitializationMethod.subwordMean
  /// The method for output rows; nil for the same as for input rows. A tied model has none.
  public var outputMethod: InitializationMethod?
  /// The seed of all noise.
  public var seed: UInt64 = 0
  /// What happens to rows that no base token uses.
  ///
  /// Reused, so that IDs have no holes: many tools take the largest ID for the number of tokens, and
  /// sample IDs that no token has.
  public var padding = PaddingPolicy.reuse
  /// The number of rows becomes a multiple of this.
  public var rowMultiple = 1

  /// Options with their recommended values.
  public init() {}
}
