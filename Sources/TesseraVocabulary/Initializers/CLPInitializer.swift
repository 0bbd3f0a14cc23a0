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
  /// - Throws: ``VocabularyError/nothingShared(donor:)``,
  ///   ``VocabularyError/donor(directory:_:)``.
  public func recipes(
    for role: MatrixRole, in context: InitializationContext, seed: UInt64
  ) throws(VocabularyError) -> RowRecipes {
    let matrix = try donor.matrix(for: role)
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
      let units = try units(of: block.map(\.donor), in: matrix)
      // The rows of a block are in ascending order and distinct, as they were gathered.
      let rows = try GatheredRows(block.map(\.base), of: context.matrix).values.map { Double($0) }
      addProduct(
        of: units, rows, transposing: .first, rows: inner, columns: width, inner: block.count,
        to: &products)
      for i in units.indices { directions[i % inner] += units[i] }
    }
    let newRows = donor.rowsOfNewTokens(context)
    let found = newRows.indices.filter { newRows[$0] != nil }
    var offsets = [Float](repeating: 0, count: newRows.count * width)
    var isMade = [Bool](repeating: false, count: newRows.count)
    for start in stride(from: 0, to: found.count, by: Self.blockSize) {
      if Interruption.isRequested { throw .interrupted }
      let block = found[start..<min(found.count, start + Self.blockSize)]
      let units = try units(of: block.compactMap { newRows[$0] }, in: matrix)
      let sums = product(of: units, products, rows: block.count, columns: width, inner: inner)
      let totals = product(of: units, directions, rows: block.count, columns: 1, inner: inner)
      for (i, index) in block.enumerated() {
        // A cosine of 1 with the token's only neighbor counts; what is next to nothing would blow up.
        guard totals[i] > 1e-3 else { continue }
        isMade[index] = true
        for k in 0..<width {
          offsets[index * width + k] = Float(sums[i * width + k] / totals[i])
        }
      }
    }
    var recipes = RowRecipes(for: context.tokens) { index in
      isMade[index] ? RowRecipe() : .mean(of: context.tokens.pieceRows(of: index))
    }
    recipes.offsets = offsets
    recipes.substituteCount = isMade.count { !$0 }
    return recipes
  }

  /// The directions of rows of the donor, `[rows.count, width]`.
  private func units(of rows: [Int], in matrix: TokenMatrix) throws(VocabularyError) -> [Double] {
    let values = try GatheredRows(rows, of: matrix).values(of: rows)
    return UnitVectors(rows: values, dimension: matrix.width).rows.map { Double($0) }
  }
}
