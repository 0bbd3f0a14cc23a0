// The rows of a matrix as few coordinates times common primitives.
//
// Shapes, row-major:   rows E: [n, d]   coordinates F: [n, r]   primitives P: [r, d]
//
//   E = L diagonal(s) V^T,   F = the first r columns of L,   P = diagonal(s[..<r]) V[:, ..<r]^T
//
// F P is the matrix of rank r that is nearest to E. V and s^2 are the eigenvectors and eigenvalues of
// E^T E, which is d by d however many rows there are, so rows are read in blocks and memory is O(d^2).
// Singular values below 1e-7 of the largest are zero for this purpose: in double precision their squares
// are rounding. Their primitives are zeros, and so are coordinates.
//
// Liu, Lin, Wang and Schütze, "OFA: A Framework of Initializing Unseen Subword Embeddings for Efficient
// Large-scale Multilingual Continued Pretraining", 2024, arXiv:2311.08849, section 3.1; Eckart and Young,
// "The Approximation of One Matrix by Another of Lower Rank", 1936, doi:10.1007/BF02288367.

internal import TesseraBasics
public import TesseraCheckpoints
internal import TesseraTensors

/// The primitives of a matrix, and what makes coordinates of rows.
public struct MatrixFactorization: Sendable {
  /// The length of a row.
  public let width: Int
  /// The number of coordinates.
  public let rank: Int
  /// The primitives, `[rank, width]`.
  public let primitives: [Float]
  /// Row k is the direction of primitive k, `[rank, width]`.
  private let directions: [Double]
  /// Singular values, from the largest on; zero where they are rounding.
  public let singularValues: [Double]

  private static let roundingShare = 1e-7

  /// Factorizes the rows that belong to tokens.
  ///
  /// The sign of a primitive is that which makes its largest component positive.
  ///
  /// - Parameters:
  ///   - matrix: The matrix.
  ///   - rows: The rows that count.
  ///   - rank: How many coordinates, from 1 to the length of a row.
  /// - Throws: ``WordVectorError/rank(_:limit:)``, ``WordVectorError/decompositionFailed(size:)``, and
  ///   what reading throws.
  /// - Complexity: O(n * d^2 + d^3) time on all workers, O(d^2) memory.
  public init(
    of matrix: TokenMatrix, rows: [Range<Int>], rank: Int
  ) throws(VocabularyError) {
    let width = matrix.width
    guard (1...width).contains(rank) else {
      throw .wordVectors(.rank(rank, limit: width))
    }
    var products = [Double](repeating: 0, count: width * width)
    try matrix.forEachBlock(in: rows) { (_, values) throws(VocabularyError) in
      if Interruption.isRequested { throw .interrupted }
      let rows = values.map { Double($0) }
      addProduct(
        of: rows, rows, transposing: .first, rows: width, columns: width,
        inner: values.count / width, to: &products)
    }
    guard width <= SquareSVD.sizeLimit, let svd = SquareSVD(products, size: width) else {
      throw .wordVectors(.decompositionFailed(size: width))
    }
    var directions = Array(svd.right[..<(rank * width)])
    for k in 0..<rank {
      let row = k * width..<(k + 1) * width
      let largest = directions[row].max { abs($0) < abs($1) } ?? 0
      if largest < 0 { for i in row { directions[i] = -directions[i] } }
    }
    let values = svd.values[..<rank].map { max(0, $0).squareRoot() }
    let bound = (values.first ?? 0) * Self.roundingShare
    singularValues = values.map { $0 > bound ? $0 : 0 }
    var primitives = [Float](repeating: 0, count: rank * width)
    for k in 0..<rank {
      for i in 0..<width {
        primitives[k * width + i] = Float(singularValues[k] * directions[k * width + i])
      }
    }
    self.width = width
    self.rank = rank
    self.primitives = primitives
    self.directions = directions
  }

  /// The coordinates of rows, `[count, rank]`: those for which coordinates times primitives is nearest.
  ///
  /// - Parameter rows: The rows, `[count, width]`.
  public func coordinates(of rows: [Float]) -> [Float] {
    let lengths = lengths(of: rows)
    return lengths.indices.map { index in
      let value = singularValues[index % rank]
      return value > 0 ? Float(lengths[index] / value) : 0
    }
  }

  /// The parts of rows that the primitives can express: coordinates times primitives, `[count, width]`.
  func projections(of rows: [Float]) -> [Float] {
    product(
      of: lengths(of: rows), directions, rows: rows.count / width, columns: width, inner: rank
    ).map { Float($0) }
  }

  /// How far rows go in each direction, `[count, rank]`; 0 where the singular value is.
  private func lengths(of rows: [Float]) -> [Double] {
    precondition(rows.count % width == 0, "rows are whole")
    var lengths = product(
      of: rows.map { Double($0) }, directions, transposing: .second, rows: rows.count / width,
      columns: rank, inner: width)
    for index in lengths.indices where singularValues[index % rank] == 0 { lengths[index] = 0 }
    return lengths
  }
}
