/// A token is read as its last piece, and written as its first one.
///
///   input row(t) = base[last piece of t]          output row(t) = base[first piece of t]
///
/// A model that has read all pieces of a word stands after the last one; one that is about to write the
/// word is about to write its first piece. In a tied model both are the last piece.
///
/// mergekit's `tokensurgeon` has the method as `first_last`.
public struct FirstLastInitializer: RowInitializer {
  /// The method has no settings.
  public init() {}

  /// True: a row of the base is in its hull.
  public var staysInHull: Bool { true }

  /// One base row for each token.
  public func recipes(
    for role: MatrixRole, in context: InitializationContext, seed: UInt64
  ) -> RowRecipes {
    RowRecipes(for: context.tokens) { index in
      let pieces = context.tokens.pieceRows(of: index)
      return .mean(of: [role == .input ? pieces[pieces.count - 1] : pieces[0]])
    }
  }
}
