public import TesseraBasics

/// A mean of the pieces whose weights fall with each step: from the last one for input rows, from the
/// first one for output rows.
///
///   input:   weight of piece i of k = decay^(k - i)          output:   decay^(i - 1)
///
/// It lies between ``FirstLastInitializer``, at a decay of 0, and the mean of all pieces, at 1.
///
/// Nakash et al., "AdaptiVocab: Enhancing LLM Efficiency in Focused Domains through Lightweight
/// Vocabulary Adaptation", 2025, arXiv:2503.19693; the decay of 0.5 is that of their code.
public struct AdaptiVocabInitializer: RowInitializer {
  /// The factor from one piece to the next, above 0 and at most 1.
  public var decay: Double

  /// The method with a factor from one piece to the next.
  public init(decay: Double = 0.5) {
    precondition(decay > 0 && decay <= 1, "weights fall")
    self.decay = decay
  }

  /// True: the weights are those of a mean.
  public var staysInHull: Bool { true }

  /// The factor.
  public var settings: JSONObject { ["decay": JSONValue(decay)] }

  /// Recipes that are each other's mirror images for the two matrices.
  public func recipes(
    for role: MatrixRole, in context: InitializationContext, seed: UInt64
  ) -> RowRecipes {
    RowRecipes(for: context.tokens) { index in
      let pieces = context.tokens.pieceRows(of: index)
      // The farthest of very many pieces count for nothing.
      var weights = [1.0]
      for _ in pieces.dropFirst() { weights.append(weights[weights.count - 1] * decay) }
      return .mean(of: pieces, weights: role == .input ? weights.reversed() : weights)
    }
  }
}
