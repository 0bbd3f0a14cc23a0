/// A token is read as the mean of its pieces, and written as its first one.
///
///   input row(t) = mean of base[pieces(t)]        output row(t) = base[first piece of t]
///
/// The logit of a new token is that of its first piece, so a state from which the model would have
/// written the word in pieces now writes it whole, or any other new token with that beginning: training
/// has to tell them apart. A tied model has the mean alone.
///
/// Kim, Choi and Jeong, "Efficient and Effective Vocabulary Expansion Towards Multilingual Large
/// Language Models", 2024, arXiv:2402.14714.
public struct EEVEInitializer: RowInitializer {
  /// The method has no settings.
  public init() {}

  /// True: both are means.
  public var staysInHull: Bool { true }

  /// The mean of the pieces, or the first one.
  public func recipes(
    for role: MatrixRole, in context: InitializationContext, seed: UInt64
  ) -> RowRecipes {
    RowRecipes(for: context.tokens) { index in
      let pieces = context.tokens.pieceRows(of: index)
      return .mean(of: role == .input ? pieces : [pieces[0]])
    }
  }
}
