public import TesseraBasics

/// What recipes of output rows promise about the model on old text.
///
/// With z for the logits of base tokens, p for their probabilities, and a new row
/// u(j) = sum over i of a[j, i] * u(i) whose weights are convex,
///
///   z(j) <= max z                                              the likeliest token stays the likeliest
///   R = sum over j of exp(z(j)) / sum over i of exp(z(i)) <= sum over i of c[i] * p[i],
///       c[i] = sum over j of a[j, i]
///
/// for every hidden state, by Jensen's inequality. The new tokens get R / (1 + R) of the probability, and
/// the divergence from the base is KL(base || extended) = log(1 + R). So where no new token occurs in a
/// text, its loss rises by at most log(1 + sum c p) a token. For rows that are not convex combinations
/// nothing is promised, and the sums say only how often a base row was used; ``HullDistances`` measures how
/// far such rows are from the hull.
///
/// Hewitt, "Initializing New Word Embeddings for Pretrained Language Models", 2021, has the case of the
/// mean.
public struct HullCertificate: Hashable, Sendable {
  /// Whether every row is a convex combination of base rows.
  public let isConvex: Bool
  /// The indices of new tokens whose recipes do not promise that, ascending.
  public let unprovenTokens: [Int]
  /// The number of new tokens.
  public let newTokenCount: Int
  /// c: for each base row, the sum of its weights over all new rows, those without a token included.
  public let weightSums: [Double]

  /// Adds up the weights of recipes.
  ///
  /// - Parameters:
  ///   - recipes: The recipes of output rows.
  ///   - rowCount: The number of base rows.
  ///   - tokenRows: The rows that belong to tokens, over which the mean is taken.
  ///   - fillerCount: The number of new rows without a token, which are that mean: ``RowLayout/fillers``.
  public init(
    _ recipes: RowRecipes, rowCount: Int, tokenRows: [Range<Int>], fillerCount: Int = 0
  ) {
    var sums = [Double](repeating: 0, count: rowCount)
    var meanWeight = Double(fillerCount)
    for recipe in recipes {
      meanWeight += recipe.scale * recipe.meanWeight
      for term in recipe.terms { sums[term.row] += recipe.scale * term.weight }
    }
    let tokenCount = tokenRows.reduce(0) { $0 + $1.count }
    for row in tokenRows.joined() { sums[row] += meanWeight / Double(max(1, tokenCount)) }
    unprovenTokens = recipes.indices.filter { !recipes.isConvex($0) }
    isConvex = recipes.areConvex
    newTokenCount = recipes.count
    weightSums = sums
  }

  /// The bound of R for some probabilities of the base's tokens.
  ///
  /// - Precondition: There is a probability for each base row.
  public func bound(for probabilities: [Double]) -> Double {
    precondition(probabilities.count == weightSums.count, "each base row has a probability")
    return zip(weightSums, probabilities).reduce(0) { $0 + $1.0 * $1.1 }
  }

  /// The bound of R for whatever state: that of one in which the row with the largest sum is certain.
  public var largestBound: Double { weightSums.max() ?? 0 }

  /// What can be said without a hidden state, for programs.
  public var record: JSONObject {
    [
      "convex": .bool(isConvex), "new_tokens": .init(newTokenCount),
      "largest_weight_sum": .init(largestBound),
    ]
  }
}
