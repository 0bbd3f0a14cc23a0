public import TesseraBasics
internal import TesseraTokenizers

/// A new row is the mean of the base rows of the words that its words are translations of.
///
///   row(t) = sum over base tokens s of count(t, s) * base[s] / sum over s of count(t, s)
///
/// Words of parallel text are aligned, and those that are linked often enough give their counts to their
/// tokens: half of a count goes from each token of the target word to all tokens of the source word alike,
/// half to those that stand at the same place of the word. A new token that no linked word has is the mean
/// of its pieces.
///
/// Remy, Delobelle, Avetisyan, Khabibullina, de Lhoneux and Demeester, "Trans-Tokenization and Cross-lingual
/// Vocabulary Transfers: Language Adaptation of LLMs for Low-Resource NLP", 2024, arXiv:2408.04303. There,
/// tokens that nothing maps to inherit from longer ones instead.
public struct TransTokenizationInitializer: RowInitializer {
  /// Sentences with their translations.
  public let text: ParallelText
  /// How often two words have to be linked.
  public let minimumCount: Int

  /// The method with its text.
  public init(text: ParallelText, minimumCount: Int = 10) {
    self.text = text
    self.minimumCount = minimumCount
  }

  /// True: counts are not negative.
  public var staysInHull: Bool { true }

  /// True: it does not go by rows.
  public var sharesRecipes: Bool { true }

  /// How often words have to be linked.
  public var settings: JSONObject { ["minimum_count": JSONValue(minimumCount)] }

  /// The same recipes for input and output rows.
  public func recipes(
    for role: MatrixRole, in context: InitializationContext, seed: UInt64
  ) throws(VocabularyError) -> RowRecipes {
    let links = try WordAligner(text).links().filter { $0.count >= minimumCount }
    let extended = try context.extendedTokenizer()
    var counts = [[Int: Double]](repeating: [:], count: context.tokens.count)
    for link in links {
      let source = try Self.tokens(of: text.sourceWords[Int(link.source)], context.tokenizer)
      let target = try Self.tokens(of: text.targetWords[Int(link.target)], extended)
      for (i, token) in target.enumerated() {
        guard let index = context.tokens.index(of: token) else { continue }
        for (j, piece) in source.enumerated() {
          let share =
            0.5 / Double(source.count) + 0.5 * Self.overlap(i, target.count, j, source.count)
          counts[index][Int(piece), default: 0] += Double(link.count) * share
        }
      }
    }
    var recipes = RowRecipes(for: context.tokens) { index in
      let rows = counts[index].keys.sorted()
      if rows.isEmpty { return .mean(of: context.tokens.pieceRows(of: index)) }
      return .mean(of: rows, weights: rows.map { counts[index][$0] ?? 0 })
    }
    recipes.substituteCount = counts.count(where: \.isEmpty)
    return recipes
  }

  /// The tokens of a word with a space before it, as it stands in a text.
  private static func tokens(
    of word: [UInt8], _ tokenizer: Tokenizer
  ) throws(VocabularyError) -> [TokenID] {
    do { return try tokenizer.encode([32] + word) } catch { throw .tokenizer(error) }
  }

  /// Which share of token i of n lies at the place of token j of m, both of equal widths.
  private static func overlap(_ i: Int, _ n: Int, _ j: Int, _ m: Int) -> Double {
    let (low, high) = (max(i * m, j * n), min((i + 1) * m, (j + 1) * n))
    return Double(max(0, high - low)) / Double(m)
  }
}
