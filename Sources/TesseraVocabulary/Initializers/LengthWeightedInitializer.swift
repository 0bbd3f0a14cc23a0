internal import TesseraTokenizers

/// A new row is the mean of its pieces' rows, each as heavy as it is long.
///
///   row(t) = sum over i of length(pieces(t)[i]) * base[pieces(t)[i]] / length(t)
///
/// A piece of five letters tells more of a word than a piece of one. Lengths are in bytes, since a piece
/// need not be whole characters.
///
/// Gee, Zugarini, Rigutini and Torroni, "Fast Vocabulary Transfer for Language Model Compression",
/// 2022, arXiv:2402.09977, weigh by characters.
public struct LengthWeightedInitializer: RowInitializer {
  /// The method has no settings.
  public init() {}

  /// True: the weights are those of a mean.
  public var staysInHull: Bool { true }

  /// The same recipes for input and output rows.
  public func recipes(
    for role: MatrixRole, in context: InitializationContext, seed: UInt64
  ) -> RowRecipes {
    RowRecipes(for: context.tokens) { index in
      return .mean(
        of: context.tokens.pieceRows(of: index),
        weights: context.pieceLengths(of: index).map { Double($0) })
    }
  }
}

extension InitializationContext {
  /// The lengths in bytes of the base tokens that new token `index` replaces; at least 1 each.
  func pieceLengths(of index: Int) -> [Int] {
    tokens.pieces(of: index).map { max(1, tokenizer.bytes(of: $0)?.count ?? 1) }
  }
}
