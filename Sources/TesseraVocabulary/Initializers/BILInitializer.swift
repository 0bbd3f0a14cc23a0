internal import TesseraCheckpoints

/// A token is read as the mean of its pieces, as long as rows of its language are, and written as their
/// mean by length.
///
///   input row(t) = m * mean / |mean|,   mean = mean of base[pieces(t)]
///   output row(t) = mean of base[pieces(t)] by length, as ``LengthWeightedInitializer`` has it
///
/// A mean of rows that point in different directions is shorter than they are, and a norm before the first
/// layer does not undo it for what later layers add. `m` is the median norm of the base rows that the new
/// language is written with, which are all pieces of new tokens. In a tied model the row is an output row
/// as well, and tokens with long rows have high logits; the mean alone does better there.
///
/// Joshi et al., 2026, arXiv:2608.03494, who take the median over tokens of the language's script.
public struct BILInitializer: RowInitializer {
  /// The method has no settings.
  public init() {}

  /// False: a longer row leaves the hull. Output rows stay in it.
  public var staysInHull: Bool { false }

  /// The mean of the pieces with a scale, or by their lengths.
  public func recipes(
    for role: MatrixRole, in context: InitializationContext, seed: UInt64
  ) throws(VocabularyError) -> RowRecipes {
    if role == .output {
      return LengthWeightedInitializer().recipes(for: role, in: context, seed: seed)
    }
    let tokens = context.tokens
    let pieces = Set((0..<tokens.count).flatMap { tokens.pieceRows(of: $0) }).sorted()
    let gathered = try GatheredRows(pieces, of: context.matrix)
    let norms = pieces.map { gathered[$0].euclideanNorm }.sorted()
    let median = norms.isEmpty ? 0 : (norms[(norms.count - 1) / 2] + norms[norms.count / 2]) / 2
    return RowRecipes(for: tokens) { index in
      let rows = tokens.pieceRows(of: index)
      var recipe = RowRecipe.mean(of: rows)
      let norm = gathered.mean(of: rows).euclideanNorm
      if norm > 0 { recipe.scale = median / norm }
      return recipe
    }
  }
}
