internal import TesseraBasics
internal import TesseraCheckpoints
internal import TesseraTensors

/// A new row is the mean of the rows of all shared tokens, each as heavy as it is similar in the donor.
///
///   row(t) = sum over shared s of cos(t, s) * base[s] / sum over shared s of cos(t, s)
///
/// Cosines are those of the donor's rows, and may be negative, so the row need not be in the hull. With u
/// for the donor's rows of length 1, the sums over s are those of u(s) base[s]^T and of u(s), which are
/// taken once: O((shared + new) * widths) and not O(shared * new). Where the cosines' sum is not positive,
/// or the donor lacks the token, the row is the mean of the pieces.
///
/// Ostendorff and Rehm, "Efficient Language Model Training through Cross-Lingual and Progressive Transfer
/// Learning", 2023, arXiv:2301.09626: CLP-Transfer.
public struct CLPInitializer: RowInitializer {
  /// The model whose rows are compared.
  public let donor: DonorModel

  private static let blockSize = 1_024

  /// The method with its donor.
  public init(donor: DonorModel) { self.donor = donor }

  /// False: weights may be negative.
  public var staysInHull: Bool { false }

  /// Rows as offsets, or means of pieces.
  ///
  /// - Throws: ``VocabularyError/nothingShared(donor:)``.
  public func recipes(
    for role: MatrixRole, in context: InitializationContext, seed: UInt64
  ) throws(VocabularyError) -> RowRecipes {
    let matrix = donor.matrix(for: role)
    let shared = donor.sharedRows(context)
    guard !shared.isEmpty else {
      throw .nothingShared(donor: donor.model.checkpoint.directory)
    }
    let (inner, width) = (matrix.width, context.matrix.width)
    // [inner, width] and [inner].
    var products = [Double](repeating: 0, count: inner * width)
    var directions = [Double](repeating: 0, count: inner)
    for start in stride(from: 0, to: shared.count, by: Self.blockSize) {
      if Interruption.isRequested { throw .interrupted }
      let block = shared[start..<min(shared.count, start + Self.blockSize)]
      let units = try Self.unitRows(block.map(\.donor), of: matrix)
      let rows = try GatheredRows(block.map(\.base), of: context.matrix)
      var columns = [Float](repeating: 0, count: units.count)
      for i in 0..<block.count {
        for k in 0..<inner {
          columns[k * block.count + i] = units[i * inner + k]
          directions[k] += Double(units[i * inner + k])
        }
      }
      // The rows of a block are in ascending order and distinct, as they were gathered.
      for (k, value) in product(columns, rows.values, inner: block.count).enumerated() {
        products[k] += Double(value)
      }
    }
    let newRows = donor.rowsOfNewTokens(context)
    let found = newRows.indices.filter { newRows[$0] != nil }
    let units = try Self.unitRows(found.compactMap { newRows[$0] }, of: matrix)
    let sums = product(units, products.map { Float($0) }, inner: inner)
    var offsets = [Float](repeating: 0, count: newRows.count * width)
    var isMade = [Bool](repeating: false, count: newRows.count)
    for (i, index) in found.enumerated() {
      let total = (0..<inner).reduce(0) { $0 + Double(units[i * inner + $1]) * directions[$1] }
      // A cosine of 1 with the token's only neighbor counts; what is next to nothing would blow up.
      guard total > 1e-3 else { continue }
      isMade[index] = true
      for k in 0..<width {
        offsets[index * width + k] = Float(Double(sums[i * width + k]) / total)
      }
    }
    var recipes = RowRecipes(for: context.tokens) { index in
      isMade[index] ? RowRecipe() : .mean(of: context.tokens.pieceRows(of: index))
    }
    recipes.offsets = offsets
    return recipes
  }

  /// Rows of a matrix, each divided by its norm.
  static func unitRows(_ rows: [Int], of matrix: TokenMatrix) throws(VocabularyError) -> [Float] {
    let gathered = try GatheredRows(rows, of: matrix)
    var units: [Float] = []
    units.reserveCapacity(rows.count * matrix.width)
    for row in rows {
      let values = gathered[row]
      let norm = values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
      units += values.map { norm > 0 ? Float(Double($0) / norm) : 0 }
    }
    return units
  }
}
