public import TesseraBasics
internal import TesseraCheckpoints
internal import TesseraTensors
internal import TesseraTokenizers

/// A new row is a mean of the rows of the nearest base tokens in a space of words of many languages, in
/// the few coordinates that the base's rows mostly vary in.
///
///   coordinates(t) = sum over the k nearest base tokens s of softmax(cos(u(t), u(s)) / temperature)
///                    * coordinates(s),         row(t) = coordinates(t) * primitives
///
/// u of a token is the plain mean of all words that it stands in. Coordinates and primitives are a
/// factorization of the base matrix (``MatrixFactorization``); without a rank, or with the rank that rows
/// are long, coordinates are the rows themselves. Old rows stay as they are; ``FactoredMatrix`` writes all rows
/// in coordinates for a model that keeps the factors apart.
///
/// The published code also copies rows of tokens that differ in case alone, which this one does not.
///
/// Liu, Lin, Wang and Schütze, "OFA", 2024, arXiv:2311.08849.
public struct OFAInitializer: RowInitializer {
  /// The vectors, and how they come into one space.
  public var vectors: VectorInputs
  /// How many base tokens a row is made of.
  public var neighborCount: Int
  /// How evenly weights are spread.
  public var temperature: Double
  /// The number of coordinates; nil for no factorization.
  public var rank: Int?

  /// The method with its vectors; 10 neighbors and a temperature of 0.1 as published.
  public init(_ vectors: VectorInputs) {
    self.vectors = vectors
    neighborCount = vectors.neighborCount ?? 10
    temperature = vectors.temperature ?? 0.1
    rank = vectors.rank
    precondition(neighborCount > 0 && temperature > 0, "there are neighbors with weights")
  }

  /// Whether tokens without a vector stay in it too; all others do, unless the base is factorized: then
  /// they are in the hull of the base's rows as the factors give them, which at full rank is that of the rows.
  public var staysInHull: Bool { vectors.vectorless == .pieces && rank == nil }

  /// Sizes of the vectors, neighbors, temperature and rank.
  public var settings: JSONObject {
    var settings = vectors.settings
    settings["neighbors"] = JSONValue(neighborCount)
    settings["temperature"] = JSONValue(temperature)
    if let rank { settings["rank"] = JSONValue(rank) }
    return settings
  }

  /// The same recipes for input and output rows, save for noise and what factors of low rank leave out.
  public func recipes(
    for role: MatrixRole, in context: InitializationContext, seed: UInt64
  ) throws(VocabularyError) -> RowRecipes {
    if let rank, !(1...context.matrix.width).contains(rank) {
      throw .wordVectors(.rank(rank, limit: context.matrix.width))
    }
    let extended = try context.extendedTokenizer()
    let found = try withVocabularyErrors { () throws(WordVectorError) in
      let target = try vectors.tokenVectors(
        of: context.newIDs, in: vectors.target, tokenizer: extended, weights: .uniform)
      let source = try vectors.sourceVectors(
        of: context.baseIDs, tokenizer: context.tokenizer, weights: .uniform)
      return try neighborRecipes(
        for: target, among: source, count: neighborCount, temperature: temperature,
        progress: vectors.progress)
    }
    var recipes = context.recipes(found, vectorless: vectors.vectorless, seed: seed)
    if let rank, rank < context.matrix.width {
      try factorize(&recipes, rank: rank, in: context)
    }
    return recipes
  }

  /// Makes each row its projection on the primitives, by an offset: what they cannot express, taken away.
  ///
  /// Noise is projected along, which is how it is where it is drawn in coordinates, but for its
  /// deviations: there they are those of coordinates.
  private func factorize(
    _ recipes: inout RowRecipes, rank: Int, in context: InitializationContext
  ) throws(VocabularyError) {
    let width = context.matrix.width
    let factors = try MatrixFactorization(
      of: context.matrix, rows: context.tokenRows, rank: rank)
    let rows = try RowSynthesizer(
      recipes: recipes, base: context.matrix, tokenRows: context.tokenRows,
      statistics: context.statistics)
    var offsets =
      recipes.offsets.isEmpty
      ? [Float](repeating: 0, count: recipes.count * width) : recipes.offsets
    let step = max(1, (1 << 20) / width)
    for start in stride(from: 0, to: recipes.count, by: step) {
      let block = start..<min(recipes.count, start + step)
      let whole = try rows.rows(in: block)
      let projected = factors.projections(of: whole)
      for i in whole.indices { offsets[start * width + i] += projected[i] - whole[i] }
    }
    recipes.offsets = offsets
  }
}
