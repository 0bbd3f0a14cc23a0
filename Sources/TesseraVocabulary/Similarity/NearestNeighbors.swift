// The k keys with the largest cosines for each query, exactly: by cosine in double precision, and of equal
// ones the smaller index first.
//
// The cosines in single precision are off by at most d units in the last place of 1, and those of rows
// that are rounded to bytes, which processors multiply many times as fast, by as much as rounding took. So
// keys below the k-th largest by more than twice that are out, and the few others are compared in double
// precision. Where they are not few, as of keys that are much alike, they are compared now and then.

internal import TesseraBasics
internal import TesseraTensors

/// A key and its similarity.
struct Neighbor: Hashable, Sendable {
  /// The index of the key.
  var key: Int
  /// Its cosine with the query.
  var similarity: Double
}

/// The nearest keys of each query, the most similar first, of equally similar ones the smaller index.
///
/// - Parameters:
///   - count: How many neighbors; fewer where there are fewer keys.
///   - instructions: What the first look multiplies bytes with; nil for one in single precision. The result
///     is the same.
/// - Throws: ``WordVectorError/interrupted``.
/// - Complexity: O(m * n * d) time on all workers; 10 MB for each of them, and O(n * d) memory.
func nearestNeighbors(
  of queries: UnitVectors, in keys: UnitVectors, count: Int,
  by instructions: ByteFactor.Instructions? = ByteFactor.instructions.first,
  progress: ProgressHandler? = nil
) throws(WordVectorError) -> [[Neighbor]] {
  precondition(count > 0, "there are neighbors to be found")
  // Cosines of a tile are looked at while they are in the cache.
  let (tileSize, blockSize) = (96, 1_024)
  let coarse = instructions == nil ? [] : keys.coarseBlocks(of: blockSize)
  let coarseError = coarse.map(\.largestError).max() ?? 0
  let pool = ScratchPool()
  var results: [[Neighbor]] = []
  results.reserveCapacity(queries.count)
  // Rounds, so that progress can be told, and a signal ends the search.
  for start in stride(from: 0, to: queries.count, by: 32 * tileSize) {
    if Interruption.isRequested { throw .interrupted }
    let round = start..<min(queries.count, start + 32 * tileSize)
    let tiles = parallelMap((round.count + tileSize - 1) / tileSize) { tile in
      let first = round.lowerBound + tile * tileSize
      let rows = first..<min(round.upperBound, first + tileSize)
      let coarseRows = coarse.isEmpty ? nil : queries.coarseRows(rows)
      var searches = rows.map { row in
        let rounding = coarseRows?.errors[row - first] ?? 0
        let error = rounding + (1 + rounding) * coarseError + Float(keys.dimension) * 0x1p-23
        return NeighborSearch(query: row, limit: count, error: error)
      }
      pool.withMemory(capacity: tileSize * blockSize) { memory in
        for block in stride(from: 0, to: keys.count, by: blockSize) {
          let cosines: Matrix
          if let instructions, let coarseRows {
            let factor = coarse[block / blockSize]
            memory.reset(minimumCapacity: tileSize * blockSize)
            cosines = memory.carve(rows.count, factor.rowCount)
            factor.multiply(coarseRows, by: instructions, into: cosines)
          } else {
            cosines = queries.cosines(
              of: rows, with: block..<min(keys.count, block + blockSize), of: keys, in: memory)
          }
          for row in searches.indices {
            cosines.withRow(row) {
              searches[row].look(at: $0, from: block, queries: queries, keys: keys)
            }
          }
        }
      }
      return searches.indices.map { searches[$0].finish(queries: queries, keys: keys) }
    }
    for tile in tiles { results += tile }
    progress?(
      ProgressUpdate(
        phase: "comparing vectors", completed: round.upperBound, total: queries.count,
        unit: "tokens"))
  }
  return results
}

/// The search for the nearest keys of one query.
private struct NeighborSearch {
  /// As many keys that are not out are looked at before they are compared.
  private static let waitingLimit = 4_096

  private let query: Int
  private let limit: Int
  /// How far a cosine may be off.
  private let error: Float
  private var near: NearHighestRows
  /// The nearest of those that were compared.
  private var nearest: [Neighbor] = []

  init(query: Int, limit: Int, error: Float) {
    self.query = query
    self.limit = limit
    self.error = error
    near = NearHighestRows(limit: limit, slack: 2 * error)
  }

  /// Looks at the cosines of the next keys.
  mutating func look(
    at cosines: Span<Float>, from first: Int, queries: UnitVectors, keys: UnitVectors
  ) {
    forEachIndex(in: cosines, above: { near.threshold }) {
      near.add(first + $0, score: cosines[$0])
    }
    if near.count > max(Self.waitingLimit, 4 * limit) { compare(queries, keys) }
  }

  /// Compares those that are not out with the nearest.
  private mutating func compare(_ queries: UnitVectors, _ keys: UnitVectors) {
    nearest.reserveCapacity(min(limit, keys.count))
    // Keys come in ascending order, so that of equal ones the smaller is there already.
    for key in near.finish() {
      let similarity = queries.cosine(of: query, with: key, in: keys)
      if nearest.count == limit {
        if similarity <= nearest[limit - 1].similarity { continue }
        nearest.removeLast()
      }
      nearest.insert(
        Neighbor(key: key, similarity: similarity),
        at: nearest.firstPosition { $0.similarity < similarity })
    }
    let bound =
      nearest.count == limit ? Float(nearest[limit - 1].similarity) - error : -.infinity
    near = NearHighestRows(limit: limit, slack: 2 * error, above: max(near.threshold, bound))
  }

  /// The nearest keys, the most similar first.
  mutating func finish(queries: UnitVectors, keys: UnitVectors) -> [Neighbor] {
    compare(queries, keys)
    return nearest
  }
}

extension Array {
  /// The position of the first element for which a condition holds that, from there on, holds for all.
  func firstPosition(where holds: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if holds(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

/// The neighbors by definition: all cosines in double precision, sorted.
func nearestNeighborsReference(
  of queries: UnitVectors, in keys: UnitVectors, count: Int
) -> [[Neighbor]] {
  (0..<queries.count).map { query in
    let all = (0..<keys.count).map {
      Neighbor(key: $0, similarity: queries.cosine(of: query, with: $0, in: keys))
    }
    return Array(
      all.sorted { ($1.similarity, $0.key) < ($0.similarity, $1.key) }.prefix(count))
  }
}
