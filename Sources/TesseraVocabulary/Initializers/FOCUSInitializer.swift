public import TesseraBasics
public import TesseraTokenizers

/// A new row is a sparse mean of the rows of the base tokens whose surroundings in text of the new
/// language are most alike.
///
///   row(t) = sum over anchors s of sparsemax(cos(f(t), f(s)) / temperature)[s] * base[s]
///
/// f are vectors that were learned on text of the new language in tokens of the extended tokenizer, or the
/// vectors of words that tokens spell. Anchors are the base tokens that have one. With weak vectors, whose
/// cosines are all alike, nearly every anchor has a weight and rows are hardly different: the number of
/// terms of each recipe is in `extension.json`. A temperature below 1, which the method was published
/// with, spreads cosines farther apart.
///
/// Tokens are bytes here: pieces of characters never stand for each other, as they do in the published
/// code.
///
/// Dobler and de Melo, "FOCUS: Effective Embedding Initialization for Monolingual Specialization of
/// Multilingual Models", 2023, arXiv:2305.14481; `deepfocus` 1.0.1.
public struct FOCUSInitializer: RowInitializer {
  /// The most terms of all recipes together, which take 16 bytes each here, and as many once more in the
  /// list of recipes that is made of them.
  static let termLimit = 1 << 27
  /// Tokens that are compared before terms are counted.
  private static let largestBlock = 4_096
  private static let smallestBlock = 64

  /// The vectors; those of the source are not used.
  public var vectors: VectorInputs
  /// What cosines are divided by.
  public var temperature: Double

  /// The method with its vectors; a temperature of 1 is what was published.
  public init(_ vectors: VectorInputs) {
    self.vectors = vectors
    temperature = vectors.temperature ?? 1
    precondition(temperature > 0, "the temperature is positive")
  }

  /// Whether tokens without a vector stay in it too; all others do.
  public var staysInHull: Bool { vectors.vectorless == .pieces }

  /// Whether both have the same anchors.
  public var sharesRecipes: Bool { !vectors.leavesOutUntrained }

  /// Sizes of the vectors and the temperature.
  public var settings: JSONObject {
    var settings = vectors.settings
    settings["temperature"] = JSONValue(temperature)
    settings["leaves_out_untrained"] = .bool(vectors.leavesOutUntrained)
    return settings
  }

  /// The same recipes for input and output rows, save for anchors that only one matrix has not trained.
  public func recipes(
    for role: MatrixRole, in context: InitializationContext, seed: UInt64
  ) throws(VocabularyError) -> RowRecipes {
    let extended = try context.extendedTokenizer()
    let untrained = vectors.leavesOutUntrained ? try context.untrainedRows() : []
    let found = try withVocabularyErrors { () throws(WordVectorError) in
      let target = tokenVectors(of: context.newIDs, extended)
      let shared = context.sharedTokens.filter { !untrained.contains(Int($0.base)) }
      let anchors = tokenVectors(of: shared.map(\.id), extended)
        .renamed(
          Dictionary(shared.map { ($0.id, $0.base) }, uniquingKeysWith: { first, _ in first }))
      return try recipes(for: target, among: anchors)
    }
    return context.recipes(found, vectorless: vectors.vectorless, seed: seed)
  }

  private func tokenVectors(of tokens: [TokenID], _ tokenizer: Tokenizer) -> TokenVectors {
    switch vectors.targetUnit {
    case .tokens: TokenVectors(spellings: tokens, of: tokenizer, in: vectors.target)
    case .words: TokenVectors(texts: tokens, of: tokenizer, in: vectors.target)
    }
  }

  /// The recipes of tokens as means of anchors, from vectors that are at hand.
  ///
  /// - Parameters:
  ///   - target: The vectors of new tokens.
  ///   - anchors: The vectors of base tokens, of the same space.
  /// - Throws: ``WordVectorError/noTokenVectors(side:)``,
  ///   ``WordVectorError/supportTooLarge(meanTermCount:termLimit:)``.
  /// - Complexity: O(new * anchors * dimension) time on all workers; memory as the unit vectors
  ///   and the recipes, which is at most 16 bytes for `termLimit` terms and those of 64 tokens, and 32 MB
  ///   for each worker.
  public func recipes(
    for target: TokenVectors, among anchors: TokenVectors
  ) throws(WordVectorError) -> [TokenID: RowRecipe] {
    try recipes(for: target, among: anchors, termLimit: Self.termLimit)
  }

  /// As above, with another limit.
  func recipes(
    for target: TokenVectors, among anchors: TokenVectors, termLimit: Int
  ) throws(WordVectorError) -> [TokenID: RowRecipe] {
    if target.tokens.isEmpty { throw .noTokenVectors(side: "new tokens") }
    if anchors.tokens.isEmpty { throw .noTokenVectors(side: "base's tokens") }
    let (queries, keys) = (UnitVectors(target), UnitVectors(anchors))
    var recipes: [TokenID: RowRecipe] = [:]
    recipes.reserveCapacity(target.tokens.count)
    var termCount = 0
    var start = 0
    while start < target.tokens.count {
      // However large supports are, a block has no more terms than the limit leaves.
      let room = (termLimit - termCount) / anchors.tokens.count
      let size = min(Self.largestBlock, max(Self.smallestBlock, room))
      let block = start..<min(target.tokens.count, start + size)
      let found = try mapSimilarities(of: queries, in: block, with: keys) { _, cosines in
        let sparse = Sparsemax(cosines, temperature: temperature)
        return RowRecipe(
          terms: zip(sparse.indices, sparse.weights).map { index, weight in
            RowRecipe.Term(row: Int(anchors.tokens[index]), weight: weight)
          })
      }
      termCount += found.reduce(0) { $0 + $1.terms.count }
      if termCount > termLimit {
        throw .supportTooLarge(
          meanTermCount: termCount / block.upperBound, termLimit: termLimit)
      }
      for (token, recipe) in zip(target.tokens[block], found) { recipes[token] = recipe }
      start = block.upperBound
      vectors.progress?(
        ProgressUpdate(
          phase: "comparing vectors", completed: block.upperBound, total: target.tokens.count,
          unit: "tokens"))
    }
    return recipes
  }
}
