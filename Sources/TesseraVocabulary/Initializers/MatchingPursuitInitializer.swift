public import TesseraBasics
internal import TesseraCheckpoints
internal import TesseraTensors

/// A new row is made of the base rows of the few shared tokens that the donor's row is made of.
///
///   donor[t] ~ sum over k chosen s of c[s] * donor[s]          row(t) = sum over s of c[s] * base[s]
///
/// Orthogonal matching pursuit: the shared token whose direction is nearest to what is left of donor[t] is
/// chosen, all coefficients are fitted again by least squares, and so on. Coefficients may be negative, so
/// the row need not be in the hull. A token that the donor lacks is the mean of its pieces.
///
/// Goddard and Fernandes Neto, "Training-Free Tokenizer Transplantation via Orthogonal Matching Pursuit",
/// 2025, arXiv:2506.06607; 64 terms as there. Pati, Rezaiifar and Krishnaprasad, 1993, for the algorithm.
public struct MatchingPursuitInitializer: RowInitializer {
  /// The model whose rows are approximated.
  public let donor: DonorModel
  /// How many shared tokens are chosen at most.
  public let termCount: Int

  /// Tokens that are worked on together.
  private static let tileSize = 64
  /// A rest whose norm is this share of the row's is none.
  private static let tolerance = 1e-6

  /// The method with its donor.
  public init(donor: DonorModel, termCount: Int = 64) {
    self.donor = donor
    self.termCount = termCount
  }

  /// False: coefficients may be negative.
  public var staysInHull: Bool { false }

  /// How many tokens are chosen.
  public var settings: JSONObject { ["terms": JSONValue(termCount)] }

  /// A few terms for each token.
  ///
  /// - Throws: ``VocabularyError/nothingShared(donor:)``,
  ///   ``VocabularyError/donor(directory:_:)``.
  /// - Complexity: O(new * shared * terms * width of the donor) time, O(shared * width) memory.
  public func recipes(
    for role: MatrixRole, in context: InitializationContext, seed: UInt64
  ) throws(VocabularyError) -> RowRecipes {
    let matrix = try donor.matrix(for: role)
    let shared = donor.sharedRows(context)
    guard !shared.isEmpty else {
      throw .nothingShared(donor: donor.model.checkpoint.directory)
    }
    let bridges = shared.map(\.donor)
    let units = UnitVectors(
      rows: try GatheredRows(bridges, of: matrix).values(of: bridges), dimension: matrix.width)
    let (atoms, lengths) = (units.rows, units.norms)
    let newRows = donor.rowsOfNewTokens(context)
    let found = newRows.indices.filter { newRows[$0] != nil }
    let tileCount = (found.count + Self.tileSize - 1) / Self.tileSize
    let tiles = try parallelMap(tileCount) { tile throws(VocabularyError) -> [Pursuit] in
      if Interruption.isRequested { throw .interrupted }
      let indices = found[tile * Self.tileSize..<min(found.count, (tile + 1) * Self.tileSize)]
      let gathered = try GatheredRows(indices.compactMap { newRows[$0] }, of: matrix)
      var pursuits = indices.compactMap { index in
        newRows[index].map { Pursuit(target: Array(gathered[$0]), tolerance: Self.tolerance) }
      }
      for _ in 0..<min(termCount, matrix.width, shared.count) {
        let scores = product(
          pursuits.flatMap(\.rest), transposed: atoms, inner: matrix.width)
        for i in pursuits.indices {
          pursuits[i].extend(
            scores: scores[i * shared.count..<(i + 1) * shared.count], atoms: atoms)
        }
      }
      return pursuits
    }
    var terms = [[RowRecipe.Term]?](repeating: nil, count: newRows.count)
    for (index, pursuit) in zip(found, tiles.joined()) where !pursuit.chosen.isEmpty {
      terms[index] = zip(pursuit.chosen, pursuit.coefficients).map { atom, coefficient in
        // No chosen atom is zero, since its products would be.
        RowRecipe.Term(row: shared[atom].base, weight: coefficient / lengths[atom])
      }
    }
    var recipes = RowRecipes(for: context.tokens) { index in
      terms[index].map { RowRecipe(terms: $0.sorted { $0.row < $1.row }) }
        ?? .mean(of: context.tokens.pieceRows(of: index))
    }
    recipes.substituteCount = terms.count { $0 == nil }
    return recipes
  }
}

/// The state of one pursuit.
private struct Pursuit: Sendable {
  /// What the chosen atoms do not explain.
  private(set) var rest: [Float]
  /// The chosen atoms, in the order of choice.
  private(set) var chosen: [Int] = []
  /// Their coefficients.
  private(set) var coefficients: [Double] = []
  private let target: [Float]
  private let limit: Double
  private var isDone = false
  /// The Cholesky factor of the chosen atoms' inner products: row i has i + 1 entries.
  private var factor: [[Double]] = []
  /// The inner products of the chosen atoms with the target.
  private var projections: [Double] = []

  init(target: [Float], tolerance: Double) {
    self.target = target
    rest = target
    let norm = target.euclideanNorm
    limit = norm * tolerance
    isDone = norm == 0 || !norm.isFinite
  }

  /// Chooses the atom whose product with the rest is the largest, of equal ones the first, and fits all
  /// coefficients again.
  mutating func extend(scores: ArraySlice<Float>, atoms: [Float]) {
    if isDone { return }
    var best = -1
    var largest: Float = 0
    for (atom, score) in scores.enumerated() where abs(score) > largest && !chosen.contains(atom) {
      (best, largest) = (atom, abs(score))
    }
    let width = target.count
    guard best >= 0, Double(largest) > limit else {
      isDone = true
      return
    }
    func atom(_ index: Int) -> ArraySlice<Float> { atoms[index * width..<(index + 1) * width] }
    // The new row of the factor: forward substitution, then what is left for the diagonal.
    var row: [Double] = []
    for (i, other) in chosen.enumerated() {
      var sum = Self.product(atom(best), atom(other))
      for j in 0..<i { sum -= row[j] * factor[i][j] }
      row.append(sum / factor[i][i])
    }
    let square = Self.product(atom(best), atom(best)) - row.reduce(0) { $0 + $1 * $1 }
    // An atom that the chosen ones make up already explains nothing.
    guard square > 1e-10 else {
      isDone = true
      return
    }
    factor.append(row + [square.squareRoot()])
    chosen.append(best)
    projections.append(Self.product(atom(best), target[...]))
    solve()
    var left = target.map { Double($0) }
    for (index, coefficient) in zip(chosen, coefficients) {
      for (i, value) in atom(index).enumerated() { left[i] -= coefficient * Double(value) }
    }
    rest = left.map { Float($0) }
    if left.reduce(0, { $0 + $1 * $1 }).squareRoot() <= limit { isDone = true }
  }

  /// The coefficients of least squares, by the factor.
  private mutating func solve() {
    let count = chosen.count
    var y = [Double](repeating: 0, count: count)
    for i in 0..<count {
      var sum = projections[i]
      for j in 0..<i { sum -= factor[i][j] * y[j] }
      y[i] = sum / factor[i][i]
    }
    coefficients = [Double](repeating: 0, count: count)
    for i in (0..<count).reversed() {
      var sum = y[i]
      for j in i + 1..<count { sum -= factor[j][i] * coefficients[j] }
      coefficients[i] = sum / factor[i][i]
    }
  }

  private static func product(_ a: ArraySlice<Float>, _ b: ArraySlice<Float>) -> Double {
    var sum = 0.0
    for (x, y) in zip(a, b) { sum += Double(x) * Double(y) }
    return sum
  }
}
