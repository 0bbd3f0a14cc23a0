// The cosines of some vectors with all vectors of another set, a bounded number of rows at a time.
//
// Shapes, row-major:   queries: [m, d]   keys: [n, d]   a tile of cosines: [t, n]
//
//   cosine(q, k) = q . k / (|q| |k|)
//
// The whole matrix of 50,000 new tokens and 150,000 old ones would take 30 GB. A tile has about 2^23
// cosines, 32 MB for each worker; the library's product gives each the same bits whatever tile and
// place it has only up to rounding, so what has to be exact is computed again, see `NearestNeighbors`.

internal import TesseraBasics
internal import TesseraTensors

/// Vectors of length 1, side by side.
struct UnitVectors: Sendable {
  let dimension: Int
  let count: Int
  /// The norms that the vectors had.
  let norms: [Double]
  fileprivate let memory: FloatMemory
  fileprivate let matrix: Matrix

  /// The directions of vectors.
  init(_ vectors: TokenVectors) {
    self.init(rows: vectors.rows, dimension: vectors.dimension)
  }

  /// The directions of rows, `[count, dimension]`; a row of zeros has none, and stays as it is.
  init(rows: [Float], dimension: Int) {
    self.dimension = dimension
    let count = rows.count / dimension
    self.count = count
    memory = FloatMemory(capacity: FloatMemory.size(rowCount: count, columnCount: dimension))
    let matrix = memory.carve(count, dimension)
    self.matrix = matrix
    let grain = 256
    norms = parallelMap((count + grain - 1) / grain) { group in
      (group * grain..<min(count, (group + 1) * grain)).map { row in
        let values = rows[row * dimension..<(row + 1) * dimension]
        let norm = values.euclideanNorm
        for (i, value) in values.enumerated() {
          matrix[row, i] = norm > 0 ? Float(Double(value) / norm) : 0
        }
        return norm
      }
    }.flatMap { $0 }
  }

  /// The vectors in blocks, as factors of quick and coarse products; none where the processor has no
  /// instructions for them.
  func coarseBlocks(of size: Int) -> [ByteFactor] {
    if ByteFactor.instructions.isEmpty || dimension > ByteFactor.widthLimit { return [] }
    return parallelMap((count + size - 1) / size) { block in
      ByteFactor(matrix.rows(block * size..<min(count, (block + 1) * size)))
    }
  }

  /// Some of the vectors as a left factor of coarse products.
  func coarseRows(_ rows: Range<Int>) -> ByteRows { ByteRows(matrix.rows(rows)) }

  /// The cosines of some of these vectors with some keys, in memory that is used anew.
  func cosines(
    of rows: Range<Int>, with block: Range<Int>, of keys: UnitVectors, in memory: FloatMemory
  ) -> Matrix {
    memory.reset(
      minimumCapacity: FloatMemory.size(rowCount: rows.count, columnCount: block.count))
    let cosines = memory.carve(rows.count, block.count)
    multiply(into: cosines, matrix.rows(rows), transposed: keys.matrix.rows(block))
    return cosines
  }

  /// The vectors, row after row.
  var rows: [Float] { matrix.elements() }

  /// The inner product of one of these vectors with one of others, in double precision.
  func cosine(of row: Int, with other: Int, in others: UnitVectors) -> Double {
    matrix.withRow(row) { x in others.matrix.withRow(other) { y in innerProduct(x, y) } }
  }
}

/// The results of a body that gets, for each query, its cosines with all keys.
///
/// - Parameters:
///   - queries: The vectors that are asked for.
///   - range: Which of them; nil for all.
///   - keys: The vectors that are looked at.
///   - body: Gets the index of a query and its cosines, in single precision, in the order of the keys.
/// - Returns: The results in the order of the queries.
/// - Throws: ``WordVectorError/interrupted``.
/// - Complexity: O(m * n * d) time on all workers, 4 * 2^23 bytes of memory for each.
func mapSimilarities<Result: Sendable>(
  of queries: UnitVectors, in range: Range<Int>? = nil, with keys: UnitVectors,
  _ body: @Sendable (Int, Span<Float>) -> Result
) throws(WordVectorError) -> [Result] {
  let range = range ?? 0..<queries.count
  precondition(queries.dimension == keys.dimension, "the vectors are of one space")
  let tileRows = max(8, min(128, (1 << 23) / max(1, keys.count)))
  let pool = ScratchPool()
  var results: [Result] = []
  results.reserveCapacity(range.count)
  // Rounds, so that a signal ends the search.
  let roundRows = tileRows * 32
  for start in stride(from: range.lowerBound, to: range.upperBound, by: roundRows) {
    if Interruption.isRequested { throw .interrupted }
    let round = start..<min(range.upperBound, start + roundRows)
    let tiles = parallelMap((round.count + tileRows - 1) / tileRows) { tile in
      let first = round.lowerBound + tile * tileRows
      let rows = first..<min(round.upperBound, first + tileRows)
      let size = FloatMemory.size(rowCount: rows.count, columnCount: keys.count)
      return pool.withMemory(capacity: size) { memory in
        let cosines = memory.carve(rows.count, keys.count)
        multiply(into: cosines, queries.matrix.rows(rows), transposed: keys.matrix)
        return rows.map { row in
          cosines.withRow(row - first) { body(row, $0) }
        }
      }
    }
    for tile in tiles { results += tile }
  }
  return results
}
