internal import TesseraBasics
internal import TesseraTokenizers

/// The recipes of tokens as softmax-weighted means of the rows of their nearest neighbors.
///
/// - Parameters:
///   - target: The vectors of new tokens.
///   - source: The vectors of base tokens, in the same space.
///   - count: How many neighbors.
///   - temperature: That of the softmax.
/// - Throws: ``WordVectorError/noTokenVectors(side:)`` if either side is empty.
func neighborRecipes(
  for target: TokenVectors, among source: TokenVectors, count: Int, temperature: Double,
  progress: ProgressHandler?
) throws(WordVectorError) -> [TokenID: RowRecipe] {
  if target.tokens.isEmpty { throw .noTokenVectors(side: "new tokens") }
  if source.tokens.isEmpty { throw .noTokenVectors(side: "base's tokens") }
  let neighbors = try nearestNeighbors(
    of: UnitVectors(target), in: UnitVectors(source), count: count, progress: progress)
  var recipes: [TokenID: RowRecipe] = [:]
  recipes.reserveCapacity(target.tokens.count)
  for (token, found) in zip(target.tokens, neighbors) {
    let weights = softmax(found.map(\.similarity), temperature: temperature)
    let terms = zip(found, weights).map { neighbor, weight in
      RowRecipe.Term(row: Int(source.tokens[neighbor.key]), weight: weight)
    }
    recipes[token] = RowRecipe(terms: terms)
  }
  return recipes
}

extension VectorInputs {
  /// The vectors of tokens: of their texts where n-grams give one, else of the words they stand in.
  func tokenVectors(
    of tokens: [TokenID], in vectors: WordVectors, tokenizer: Tokenizer,
    weights: TokenVectors.WordWeights
  ) throws(WordVectorError) -> TokenVectors {
    if vectors.subwords != nil, weights == .frequency {
      return TokenVectors(texts: tokens, of: tokenizer, in: vectors)
    }
    do {
      return try TokenVectors(
        wordsWith: tokens, of: tokenizer, in: vectors, weights: weights)
    } catch {
      throw .tokenizer(error)
    }
  }

  /// The vectors of base tokens in the space of the target vectors.
  func sourceVectors(
    of tokens: [TokenID], tokenizer: Tokenizer, weights: TokenVectors.WordWeights
  ) throws(WordVectorError) -> TokenVectors {
    let words = source ?? target
    if words.dimension != target.dimension {
      throw .dimensionsDiffer(source: words.dimension, target: target.dimension)
    }
    let found = try tokenVectors(of: tokens, in: words, tokenizer: tokenizer, weights: weights)
    guard let source, let dictionary else { return found }
    return found.mapped(
      by: try OrthogonalAlignment(from: source, to: target, by: dictionary))
  }

  /// What there is, for `extension.json`.
  var settings: JSONObject {
    var settings = JSONObject()
    settings["target_words"] = JSONValue(target.count)
    settings["target_unit"] = .string(targetUnit.rawValue)
    if let source { settings["source_words"] = JSONValue(source.count) }
    if let dictionary {
      settings["dictionary_entries"] = JSONValue(dictionary.entries.count)
    }
    settings["dimension"] = JSONValue(target.dimension)
    settings["without_vector"] = .string(vectorless.rawValue)
    return settings
  }
}
