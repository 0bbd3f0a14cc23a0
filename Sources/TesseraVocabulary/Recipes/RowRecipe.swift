/// How the row of one new token is made.
///
///   row = scale * (meanWeight * mean + sum over k of terms[k].weight * base[terms[k].row]) + offset + noise
///
/// `base` are the rows of the base matrix, and `mean` is the mean of its rows that belong to tokens.
/// The mean stands apart because as a sum it would have a term for each base row. Few
/// methods have offsets, see ``RowRecipes/offsets``. What the noise is like is the same for all rows of
/// a method that have any, see ``RowRecipes/noise``.
///
/// Every method of initialization is an answer in this form, so that applying, explaining and
/// comparing them is written once.
public struct RowRecipe: Hashable, Sendable {
  /// A base row and its weight.
  public struct Term: Hashable, Sendable {
    /// The index of the row in the base matrix.
    public var row: Int
    /// The factor of the row.
    public var weight: Double

    /// A base row with a weight.
    public init(row: Int, weight: Double) {
      self.row = row
      self.weight = weight
    }
  }

  /// The base rows that are added up.
  public var terms: [Term]
  /// The factor of the mean of all tokens' rows.
  public var meanWeight: Double
  /// The factor of the whole sum.
  public var scale: Double
  /// Whether the noise of the method is added to this row.
  public var hasNoise: Bool

  /// A recipe from its parts.
  public init(
    terms: [Term] = [], meanWeight: Double = 0, scale: Double = 1, hasNoise: Bool = true
  ) {
    self.terms = terms
    self.meanWeight = meanWeight
    self.scale = scale
    self.hasNoise = hasNoise
  }

  /// Whether the recipe without offset and noise is a convex combination of base rows.
  ///
  /// Then the logit of the new token is at most the largest logit of the base, for every hidden
  /// state: the model goes on to prefer what it preferred.
  public var isConvex: Bool {
    let total = terms.reduce(meanWeight) { $0 + $1.weight }
    return scale == 1 && meanWeight >= 0 && terms.allSatisfy { $0.weight >= 0 }
      && abs(total - 1) <= 1e-6
  }
}
