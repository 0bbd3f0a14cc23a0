// The k keys with the largest cosines for each query, exactly: by cosine in double precision, and of equal
// ones the smaller index first.
//
// The cosines in single precision are off by at most d units in the last place of 1, and those of factors in
// bfloat16, which AMX multiplies many times as fast, by 1/256 more. So keys below the k-th largest by more
// than twice that are out, and the few others are compared in double precision.

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
///   - isCoarse: Whether the first look is in bfloat16, where the processor has it. The result is the same.
/// - Throws: ``WordVectorError/interrupted``.
/// - Complexity: O(m * n * d) time on all workers; 1 MB for each of them, and O(n * d) memory.
func nearestNeighbors(
  of queries: UnitVectors, in keys: UnitVectors, count: Int, isCoarse: Bool = true,
  progress: ProgressHandler? = nil
) throws(WordVectorError) -> [[Neighbor]] {
  precondition(count > 0, "there are neighbors to be found")
  let factor = isCoarse ? keys.coarseFactor() : nil
  let error = Float(keys.dimension) * 0x1p-24 + (factor == nil ? 0 : BFloat16Factor.relativeError)
  // Cosines of a tile are looked at while they are in the cache.
  let (tileSize, blockSize) = (64, 4_096)
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
      var found = rows.map { _ in NearHighestRows(limit: count, slack: 2 * error) }
      pool.withMemory(capacity: tileSize * blockSize) { memory in
        for block in stride(from: 0, to: keys.count, by: blockSize) {
          let cosines = queries.cosines(
            of: rows, with: block..<min(keys.count, block + blockSize), of: keys,
            coarsely: factor, in: memory)
          for row in found.indices {
            cosines.withRow(row) { values in
              forEachIndex(in: values, above: { found[row].threshold }) {
                found[row].add(block + $0, score: values[$0])
              }
            }
          }
        }
      }
      return found.indices.map { row in
        var neighbors = found[row].finish().map { key in
          Neighbor(
            key: key, similarity: queries.cosine(of: first + row, with: key, in: keys))
        }
        neighbors.sort { ($1.similarity, $0.key) < ($0.similarity, $1.key) }
        return Array(neighbors.prefix(count))
      }
    }
    for tile in tiles { results += tile }
    progress?(
      ProgressUpdate(
        phase: "comparing vectors", completed: round.upperBound, total: queries.count,
        unit: "tokens"))
  }
  return results
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
