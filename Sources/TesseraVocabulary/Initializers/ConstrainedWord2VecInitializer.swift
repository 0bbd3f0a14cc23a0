public import TesseraBasics
internal import TesseraCheckpoints
internal import TesseraTensors
internal import TesseraTokenizers

/// A new row is the convex combination of base rows that predicts best what stands around the token.
///
///   row(t) = sum over candidates c of w[c] * base[c],   w >= 0,   sum w = 1
///
///   minimize over w:   mean over neighbors o of  -log sigmoid(row(t) . other[o])
///                      + k * mean over negatives n of  -log sigmoid(-row(t) . other[n])
///
/// That is skip-gram with negative sampling (SGNS), in which all rows of the base are frozen, and new ones
/// cannot leave their hull. `other` is the matrix of the other role, where a new neighbor is the mean of
/// its pieces. The published method learns the weights of all base rows by stochastic descent, in two
/// factors and from a random mixture of them. Here each token's problem is solved on its own: it is convex,
/// its neighbors are counted once, and only base rows along which the loss falls steepest are candidates,
/// with the token's pieces, from whose mean the search begins. So it takes megabytes where that takes
/// gigabytes, has no random course, and gives the same bits for any number of threads.
///
/// Mundra, Kumar, Puduppully, Dabre, Kunchukuttan and others, "An Empirical Comparison of Vocabulary
/// Expansion and Initialization Approaches for Language Models", 2024, arXiv:2407.05841: Constrained
/// Word2Vec. Mikolov et al., 2013, arXiv:1310.4546, for SGNS.
public struct ConstrainedWord2VecInitializer: RowInitializer {
  /// How the loss is made.
  public struct Options: Hashable, Sendable {
    /// The most base rows that a new row is made of, besides its pieces.
    public var candidateCount = 128
    /// How far neighbors are away at most, in tokens.
    public var window = 5
    /// How much negatives weigh, in neighbors.
    public var negativeCount = 5
    /// Whether the products with the negatives of a neighbor are summed inside one sigmoid, as the code of
    /// the paper does, and not each in its own.
    public var sumsNegatives = false
    /// The share of the text above which a neighbor counts less: as often as word2vec would keep it.
    public var subsampling = 1e-4
    /// The most neighbors of a token, those that count most.
    public var neighborLimit = 512
    /// How many steps the search makes.
    public var stepCount = 100

    /// Options with their recommended values.
    public init() {}
  }

  /// Text in the new language.
  public let documents: [[UInt8]]
  /// How the loss is made.
  public let options: Options

  /// Tokens in this many rows of a matrix are looked at together.
  private static let tileSize = 64
  /// So many tiles at a time, so that progress can be told.
  private static let roundTiles = 16
  /// Tokens are solved for in rounds, so that progress can be told, and a signal ends the search.
  private static let roundSize = 512
  /// Of the first weights, the share of all candidates; the rest is the pieces'.
  private static let candidateShare = 0.1

  /// The method with its text.
  public init(documents: [[UInt8]], options: Options = Options()) {
    self.documents = documents
    self.options = options
  }

  /// True: weights are convex by construction.
  public var staysInHull: Bool { true }

  /// What the loss is made of.
  public var settings: JSONObject {
    [
      "candidates": JSONValue(options.candidateCount), "window": JSONValue(options.window),
      "negatives": JSONValue(options.negativeCount),
      "sums_negatives": .bool(options.sumsNegatives),
      "subsampling": JSONValue(options.subsampling),
      "neighbors": JSONValue(options.neighborLimit), "steps": JSONValue(options.stepCount),
    ]
  }

  /// One problem for each token; a token that stands nowhere is the mean of its pieces.
  ///
  /// - Complexity: O(tokens * base rows * width) time for the candidates, and O(tokens * width) memory.
  public func recipes(
    for role: MatrixRole, in context: InitializationContext, seed: UInt64
  ) throws(VocabularyError) -> RowRecipes {
    guard context.counterpart.width == context.matrix.width else {
      throw .missingInput(
        method: .constrainedWord2Vec, input: "an embedding and a head of the same width")
    }
    let encoded: [[TokenID]]
    let extended = try context.extendedTokenizer()
    do { encoded = try extended.encodeDocuments(documents) } catch { throw .tokenizer(error) }
    let problems = try SkipGramProblems(encoded, in: context, options, seed: seed)
    let candidates = try candidates(problems, context)
    if Interruption.isRequested { throw .interrupted }
    var found: [RowRecipe] = []
    for start in stride(from: 0, to: context.tokens.count, by: Self.roundSize) {
      let round = start..<min(context.tokens.count, start + Self.roundSize)
      found += try parallelMap(round.count) { index throws(VocabularyError) in
        if Interruption.isRequested { throw .interrupted }
        return try recipe(start + index, problems, candidates[start + index].rows, context)
      }
      context.progress?(
        ProgressUpdate(
          phase: "solving for rows", completed: round.upperBound, total: context.tokens.count,
          unit: "tokens"))
    }
    return RowRecipes(for: context.tokens) { found[$0] }
  }

  /// For each token, the base rows towards which the loss falls steepest from the mean of its pieces.
  private func candidates(
    _ problems: SkipGramProblems, _ context: InitializationContext
  ) throws(VocabularyError) -> [HighestRows] {
    let width = context.matrix.width
    let tokens = context.tokens
    let tileCount = (tokens.count + Self.tileSize - 1) / Self.tileSize
    var found: [[Float]] = []
    for first in stride(from: 0, to: tileCount, by: Self.roundTiles) {
      let round = first..<min(tileCount, first + Self.roundTiles)
      found += try parallelMap(round.count) { tile throws(VocabularyError) -> [Float] in
        var slopes: [Float] = []
        let start = (first + tile) * Self.tileSize
        for index in start..<min(tokens.count, start + Self.tileSize) {
          if Interruption.isRequested { throw .interrupted }
          let mean = try context.matrix.mean(of: tokens.pieceRows(of: index))
          slopes +=
            try problems[index].map { $0.descent(from: mean) }
            ?? [Float](repeating: 0, count: width)
        }
        return slopes
      }
      context.progress?(
        ProgressUpdate(
          phase: "looking for candidates",
          completed: min(tokens.count, round.upperBound * Self.tileSize),
          total: tokens.count, unit: "tokens"))
    }
    let slopes = found
    var tiles = slopes.map { tile in
      [HighestRows](
        repeating: HighestRows(limit: options.candidateCount), count: tile.count / width)
    }
    try context.matrix.forEachBlock(in: context.tokenRows) {
      (first, rows) throws(VocabularyError) in
      if Interruption.isRequested { throw .interrupted }
      let count = rows.count / width
      parallelUpdate(&tiles) { tile, highest in
        let scores = product(slopes[tile], transposed: rows, inner: width)
        for token in highest.indices {
          for row in 0..<count {
            highest[token].add(first + row, score: scores[token * count + row])
          }
        }
      }
    }
    return tiles.flatMap { $0 }
  }

  /// The recipe of one token.
  private func recipe(
    _ index: Int, _ problems: SkipGramProblems, _ candidates: [Int],
    _ context: InitializationContext
  ) throws(VocabularyError) -> RowRecipe {
    let pieces = context.tokens.pieceRows(of: index)
    let start = RowRecipe.mean(of: pieces)
    guard let problem = try problems[index] else { return start }
    let rows = Set(pieces).union(candidates).sorted()
    let gathered = try GatheredRows(rows, of: context.matrix)
    var weights = [Double](repeating: Self.candidateShare / Double(rows.count), count: rows.count)
    for term in start.terms {
      weights[gathered.position(of: term.row)] += (1 - Self.candidateShare) * term.weight
    }
    let solved = problem.descent(among: gathered.values)
      .weights(from: weights, stepCount: options.stepCount)
    // What is next to nothing is left out, and the rest makes up for it.
    let kept = solved.indices.filter { solved[$0] > 1e-5 }
    return .mean(of: kept.map { rows[$0] }, weights: kept.map { solved[$0] })
  }
}
