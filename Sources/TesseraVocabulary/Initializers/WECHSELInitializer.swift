public import TesseraBasics
public import TesseraTokenizers

/// A new row is a mean of the rows of the base tokens that are nearest in a space of words of both
/// languages.
///
///   row(t) = sum over the k nearest base tokens s of softmax(cos(u(t), u(s)) / temperature) * base[s]
///
/// u of a token is the vector of its text as a word, where vectors have n-grams, and else the mean over
/// the words that it stands in, by frequency (``TokenVectors``). With a dictionary, the source vectors are
/// rotated to where the target's are first (``OrthogonalAlignment``).
///
/// Old rows stay as they are; the published code makes them anew. A token that is not whole characters
/// has no vector, where the published code takes all such tokens for one and the same.
///
/// Minixhofer, Paischer and Rekabsaz, "WECHSEL: Effective initialization of subword embeddings for
/// cross-lingual transfer of monolingual language models", 2022, arXiv:2112.06598.
public struct WECHSELInitializer: RowInitializer {
  /// The vectors, and how they come into one space.
  public var vectors: VectorInputs
  /// How many base tokens a row is made of.
  public var neighborCount: Int
  /// How evenly weights are spread.
  public var temperature: Double

  /// The method with its vectors; 10 neighbors and a temperature of 0.1 as published.
  public init(_ vectors: VectorInputs) {
    self.vectors = vectors
    neighborCount = vectors.neighborCount ?? 10
    temperature = vectors.temperature ?? 0.1
    precondition(neighborCount > 0 && temperature > 0, "there are neighbors with weights")
  }

  /// Whether tokens without a vector stay in it too; all others do.
  public var staysInHull: Bool { vectors.vectorless == .pieces }

  /// True: it does not go by rows.
  public var sharesRecipes: Bool { true }

  /// Sizes of the vectors, neighbors and temperature.
  public var settings: JSONObject {
    var settings = vectors.settings
    settings["neighbors"] = JSONValue(neighborCount)
    settings["temperature"] = JSONValue(temperature)
    return settings
  }

  /// The same recipes for input and output rows, save for the noise of tokens without vectors.
  public func recipes(
    for role: MatrixRole, in context: InitializationContext, seed: UInt64
  ) throws(VocabularyError) -> RowRecipes {
    let extended = try context.extendedTokenizer()
    let found = try withVocabularyErrors { () throws(WordVectorError) in
      let target = try vectors.tokenVectors(
        of: context.newIDs, in: vectors.target, tokenizer: extended, weights: .frequency)
      let source = try vectors.sourceVectors(
        of: context.baseIDs, tokenizer: context.tokenizer, weights: .frequency)
      return try recipes(for: target, among: source)
    }
    return context.recipes(found, vectorless: vectors.vectorless, seed: seed)
  }

  /// The recipes of tokens as means of their neighbors, from vectors that are at hand.
  ///
  /// - Parameters:
  ///   - target: The vectors of new tokens.
  ///   - source: The vectors of base tokens, in the same space.
  /// - Throws: ``WordVectorError/noTokenVectors(side:)``, ``WordVectorError/interrupted``.
  /// - Complexity: O(new * old * dimension) time on all workers; memory as the unit vectors, and 10 MB
  ///   for each worker.
  public func recipes(
    for target: TokenVectors, among source: TokenVectors
  ) throws(WordVectorError) -> [TokenID: RowRecipe] {
    try neighborRecipes(
      for: target, among: source, count: neighborCount, temperature: temperature,
      progress: vectors.progress)
  }
}
