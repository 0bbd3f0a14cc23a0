/// The recipes for one matrix: one for each new token, in the order of their IDs.
///
/// Terms of all recipes lie in one array, so that tens of thousands of them are quick to make and
/// to walk through.
public struct RowRecipes: Hashable, Sendable, RandomAccessCollection {
  /// The noise on top of the rows whose recipes have any.
  public let noise: RowNoise
  /// Where the noise starts. Row i draws from stream i, so rows do not depend on each other.
  public internal(set) var seed: UInt64
  /// What is added to the rows besides: for methods that compute rows themselves and not from weights
  /// alone. Rows `[count, width]` one after the other, or empty if nothing is.
  public var offsets: [Float] = []
  /// How many of the rows are not the method's own: it has nothing to go by for their tokens, and makes them
  /// means of pieces, or noise, instead.
  public internal(set) var substituteCount = 0
  private var terms: [RowRecipe.Term] = []
  private var starts: [Int] = [0]
  private var meanWeights: [Double] = []
  private var scales: [Double] = []
  private var noisy: [Bool] = []

  /// A list without recipes.
  public init(noise: RowNoise = .none, seed: UInt64 = 0) {
    self.noise = noise
    self.seed = seed
  }

  /// The recipes of all new tokens.
  ///
  /// - Parameters:
  ///   - tokens: The new tokens.
  ///   - recipe: Gives the recipe of the new token with an index.
  public init<Failure: Error>(
    for tokens: NewTokens, _ recipe: (Int) throws(Failure) -> RowRecipe
  ) throws(Failure) {
    self.init()
    for index in 0..<tokens.count { append(try recipe(index)) }
  }

  /// Adds the recipe of the next token.
  public mutating func append(_ recipe: RowRecipe) {
    terms.append(contentsOf: recipe.terms)
    starts.append(terms.count)
    meanWeights.append(recipe.meanWeight)
    scales.append(recipe.scale)
    noisy.append(recipe.hasNoise)
  }

  /// The number of terms of all recipes together.
  var termCount: Int { terms.count }

  /// The index of the first recipe.
  public var startIndex: Int { 0 }
  /// The number of recipes.
  public var endIndex: Int { meanWeights.count }

  /// The recipe of new token `index`.
  public subscript(index: Int) -> RowRecipe {
    RowRecipe(
      terms: Array(terms[starts[index]..<starts[index + 1]]), meanWeight: meanWeights[index],
      scale: scales[index], hasNoise: noisy[index])
  }

  /// Whether every row is a convex combination of base rows, exactly: no noise, no offsets, no
  /// other weights.
  public var areConvex: Bool { indices.allSatisfy(isConvex) && offsets.isEmpty }

  /// The same for the row of new token `index`.
  func isConvex(_ index: Int) -> Bool {
    (noise == .none || !noisy[index]) && offsets.isEmpty && self[index].isConvex
  }

  /// The largest row that some recipe uses, or nil if none uses any.
  public var largestRow: Int? { terms.lazy.map(\.row).max() }

  /// The smallest row that some recipe uses, or nil if none uses any.
  public var smallestRow: Int? { terms.lazy.map(\.row).min() }

  /// The Euclidean norm of what is added to row `index`, or nil if nothing is.
  func offsetNorm(of index: Int) -> Double? {
    guard !offsets.isEmpty else { return nil }
    let width = offsets.count / count
    return offsets[index * width..<(index + 1) * width].euclideanNorm
  }
}
