// Rows of a matrix that are nearly equal to another one, without a product of all rows at full width.
//
// Shapes, row-major:   rows: [n, d]   projections: [n, k + 1]   a tile of scores: [t, b]
//
//   near(u, v)   cos(u, v) >= 1 - t / 2   and   | |u| - |v| | <= e max(|u|, |v|)
//
// The directions u' = u / |u| of two near rows have a squared distance of at most t, and so have their
// projections P u' on k orthonormal vectors: |P u' - P v'|² <= |u' - v'|² = 2 - 2 cos <= t. Rows that have
// nothing to do with each other are about 2 k / d apart there, many times as much. So
//
//   2 P u' . P v' >= |P u'|² + |P v'|² - t
//
// leaves out nearly all pairs and none that is near, at k / d of the work, and in k / d of the memory; the
// few others are read again and compared in double precision. Where a row has more of those than are compared,
// as among many rows of one direction, the nearest projections are: a row that is near may then be missed
// if all of these have other norms. Johnson and Lindenstrauss, 1984, for why any k directions will do.

internal import TesseraBasics
internal import TesseraCheckpoints
internal import TesseraTensors

/// A row that is nearly equal to one before it.
struct NearRow: Hashable, Sendable {
  /// The row.
  var row: Int
  /// The one before it that is most similar, of those that were compared.
  var other: Int
  /// The cosine of both.
  var cosine: Double
}

/// Looks for rows that are nearly equal to another one.
struct NearRowSearch {
  /// What is near: the least cosine. Two rows of equal norm are then 4.5 % of it apart.
  static let leastCosine = 0.999
  /// What is near: the largest difference of norms, as a part of the larger one.
  static let normTolerance = 0.05

  /// The number of directions that rows are projected on.
  private static let directionCount = 63
  /// What single precision adds to squared distances, at most, for rows of a width.
  private static func rounding(width: Int) -> Float { 0x1p-23 * Float(max(8_192, width)) }
  /// So many rows are compared at full width with each one: those with the nearest projections.
  private static let candidateLimit = 16
  private static let tileSize = 128
  private static let blockSize = 4_096

  private let matrix: TokenMatrix
  /// The rows in the order in which they are compared.
  private let rows: [Int]
  private let inner: Int
  /// `[rows, inner]`: the projections of directions, then minus half of their squares.
  private let keys: [Float]

  /// Projects rows, in one pass over them.
  ///
  /// - Parameters:
  ///   - rows: The rows, in any order; none of zeros, and none that is not finite.
  ///   - matrix: The matrix.
  /// - Complexity: O(n * d * k) time, O(n * k) memory.
  init(_ rows: [Int], of matrix: TokenMatrix) throws(VocabularyError) {
    self.matrix = matrix
    self.rows = rows
    let width = matrix.width
    let directions = Self.directions(width: width)
    let count = directions.count / max(1, width)
    inner = count + 1
    var keys: [Float] = []
    keys.reserveCapacity(rows.count * inner)
    let step = max(1, (1 << 20) / max(1, width))
    for start in stride(from: 0, to: rows.count, by: step) {
      if Interruption.isRequested { throw .interrupted }
      let block = Array(rows[start..<min(rows.count, start + step)])
      let gathered = try GatheredRows(block, of: matrix)
      let grain = 64
      keys += parallelMap((block.count + grain - 1) / grain) { group in
        let part = block[group * grain..<min(block.count, (group + 1) * grain)]
        var units: [Float] = []
        units.reserveCapacity(part.count * width)
        for row in part {
          let values = gathered[row]
          let norm = values.euclideanNorm
          for value in values { units.append(Float(Double(value) / norm)) }
        }
        let projections = product(units, transposed: directions, inner: width)
        var keys: [Float] = []
        keys.reserveCapacity(part.count * (count + 1))
        for start in stride(from: 0, to: projections.count, by: count) {
          let projection = projections[start..<start + count]
          keys += projection
          keys.append(-projection.reduce(0) { $0 + $1 * $1 } / 2)
        }
        return keys
      }.joined()
    }
    self.keys = keys
  }

  /// Orthonormal vectors, one after the other: random ones, or all axes of a narrow matrix.
  private static func directions(width: Int) -> [Float] {
    if width <= directionCount {
      return (0..<width * width).map { $0 / width == $0 % width ? 1 : 0 }
    }
    var random = SplitMix64(seed: 1)
    var directions: [[Double]] = []
    while directions.count < directionCount {
      var vector = (0..<width).map { _ in random.normal() }
      for other in directions {
        let part = zip(vector, other).reduce(0) { $0 + $1.0 * $1.1 }
        for i in 0..<width { vector[i] -= part * other[i] }
      }
      let norm = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
      directions.append(vector.map { $0 / norm })
    }
    return directions.flatMap { $0.map { Float($0) } }
  }

  /// The rows that are nearly equal to one before them, each once, in order.
  ///
  /// - Parameters:
  ///   - first: The index of the first row that is compared with those before it.
  ///   - progress: Gets the number of rows.
  /// - Throws: ``VocabularyError/interrupted`` after a signal, and what reading throws.
  /// - Complexity: O((n - first) * n * k) time on all workers.
  func rowsNearEarlier(
    from first: Int, progress: ProgressHandler? = nil
  ) throws(VocabularyError) -> [NearRow] {
    var found: [NearRow] = []
    let roundSize = 32 * Self.tileSize
    for start in stride(from: first, to: rows.count, by: roundSize) {
      if Interruption.isRequested { throw .interrupted }
      let round = start..<min(rows.count, start + roundSize)
      let tiles = try parallelMap((round.count + Self.tileSize - 1) / Self.tileSize) {
        tile throws(VocabularyError) -> [NearRow] in
        let lower = round.lowerBound + tile * Self.tileSize
        let queries = lower..<min(round.upperBound, lower + Self.tileSize)
        return try compare(queries, candidates: candidates(of: queries))
      }
      for tile in tiles { found += tile }
      progress?(
        ProgressUpdate(
          phase: "comparing rows", completed: round.upperBound - first,
          total: rows.count - first, unit: "rows"))
    }
    return found
  }

  /// For each query the indices of rows before it whose projections are near, the nearest first.
  private func candidates(of queries: Range<Int>) -> [[Int]] {
    let distance = Float(2 - 2 * Self.leastCosine) + Self.rounding(width: matrix.width)
    var part = Array(keys[queries.lowerBound * inner..<queries.upperBound * inner])
    var bounds: [Float] = []
    for query in 0..<queries.count {
      // As a query, the last component is 1: the score is P u' . P v' - |P v'|² / 2.
      let last = (query + 1) * inner - 1
      bounds.append(-part[last] - distance / 2)
      part[last] = 1
    }
    var found = queries.map { _ in HighestRows(limit: Self.candidateLimit) }
    for start in stride(from: 0, to: queries.upperBound, by: Self.blockSize) {
      let block = start..<min(queries.upperBound, start + Self.blockSize)
      let scores = product(
        part, transposed: Array(keys[block.lowerBound * inner..<block.upperBound * inner]),
        inner: inner)
      let span = scores.span
      for query in found.indices {
        let row = span.extracting(query * block.count..<(query + 1) * block.count)
        forEachIndex(in: row, above: { bounds[query] }) { index in
          if block.lowerBound + index < queries.lowerBound + query {
            found[query].add(block.lowerBound + index, score: row[index])
          }
        }
      }
    }
    return found.map(\.rows)
  }

  /// The queries that are near one of their candidates.
  private func compare(
    _ queries: Range<Int>, candidates: [[Int]]
  ) throws(VocabularyError) -> [NearRow] {
    var wanted: [Int] = []
    for (query, others) in zip(queries, candidates) where !others.isEmpty {
      wanted.append(rows[query])
      wanted += others.map { rows[$0] }
    }
    if wanted.isEmpty { return [] }
    let gathered = try GatheredRows(wanted, of: matrix)
    var found: [NearRow] = []
    for (query, others) in zip(queries, candidates) {
      var nearest: NearRow?
      for other in others.sorted() {
        guard let cosine = Self.cosine(ofNear: gathered[rows[query]], gathered[rows[other]]),
          cosine > nearest?.cosine ?? -1
        else { continue }
        nearest = NearRow(row: rows[query], other: rows[other], cosine: cosine)
      }
      if let nearest { found.append(nearest) }
    }
    return found
  }

  /// The cosine of two rows if they are near, else nil.
  static func cosine(ofNear a: ArraySlice<Float>, _ b: ArraySlice<Float>) -> Double? {
    let (normA, normB) = (a.euclideanNorm, b.euclideanNorm)
    let cosine = min(1, innerProduct(a.span, b.span) / (normA * normB))
    guard cosine >= leastCosine, abs(normA - normB) <= normTolerance * max(normA, normB) else {
      return nil
    }
    return cosine
  }
}
