public import TesseraTokenizers

/// A new row is the mean of what the base makes of the token wherever it stands in the corpus.
///
///   row(t) = sum over runs r of share(r) * mean of base[r]
///
/// `r` are the runs of base tokens that t replaces, and `share(r)` is how often it replaces that run. The
/// extended encoding of a text is its base encoding with runs joined, so each occurrence has its run, and
/// nothing has to be aligned by offsets. Nearly all tokens have one run, their pieces; one that several
/// merges make, or that stands for a whole pre-token under `ignore_merges`, may have more. A token that
/// stands nowhere on its own is the mean of its pieces.
///
/// Yamaguchi, Villavicencio and Aletras, "How Can We Effectively Expand the Vocabulary of LLMs with
/// 0.01GB of Target Language Text?", 2024, arXiv:2406.11477, as "align".
public struct AlignInitializer: RowInitializer {
  /// The pre-tokens of corpora with their counts.
  public let counts: [PreTokenCounts]

  /// The method with the corpora that tell where tokens stand.
  public init(counts: [PreTokenCounts]) { self.counts = counts }

  /// True: a mean of means is one.
  public var staysInHull: Bool { true }

  /// True: it does not go by rows.
  public var sharesRecipes: Bool { true }

  /// The same recipes for input and output rows.
  public func recipes(
    for role: MatrixRole, in context: InitializationContext, seed: UInt64
  ) throws(VocabularyError) -> RowRecipes {
    let runs = try ReplacedRuns(counts, in: context)
    return RowRecipes(for: context.tokens) { index in
      Self.recipe(of: runs.runs[index]) ?? .mean(of: context.tokens.pieceRows(of: index))
    }
  }

  /// The mean of the means of runs, each as heavy as it is frequent; nil if there is none.
  static func recipe(of runs: [(run: [TokenID], count: UInt64)]) -> RowRecipe? {
    if runs.isEmpty { return nil }
    var rows: [Int] = []
    var weights: [Double] = []
    for (run, count) in runs {
      for token in run {
        rows.append(Int(token))
        weights.append(Double(count) / Double(run.count))
      }
    }
    return .mean(of: rows, weights: weights)
  }
}
