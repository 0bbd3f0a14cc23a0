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
/// - Complexity: That of ``mapSimilarities(of:in:with:progress:_:)``.
func nearestNeighbors(
  of queries: UnitVectors, in keys: UnitVectors, count: Int, isCoarse: Bool = true,
  progress: ProgressHandler? = nil
) throws(WordVectorError) -> [[Neighbor]] {
  precondition(count > 0, "there are neighbors to be found")
  let factor = isCoarse ? keys.coarseFactor() : nil
  let error = Float(keys.dimension) * 0x1p-24 + (factor == nil ? 0 : BFloat16Factor.relativeError)
  return try mapSimilarities(
    of: queries, with: keys, coarsely: factor, progress: progress
  ) { query, cosines in
    var neighbors = candidates(in: cosines, count: count, slack: 2 * error).map { key in
      Neighbor(key: key, similarity: queries.cosine(of: query, with: key, in: keys))
    }
    neighbors.sort { ($1.similarity, $0.key) < ($0.similarity, $1.key) }
    return Array(neighbors.prefix(count))
  }
}

/// The indices of all values that are at most `slack` below the `count`-th largest.
private func candidates(in values: Span<Float>, count: Int, slack: Float) -> [Int] {
  var highest = HighestRows(limit: count)
  forEachIndex(in: values, above: { highest.threshold }) { highest.add($0, score: values[$0]) }
  guard let lowest = highest.lowestScore else { return [] }
  let threshold = (lowest - slack).nextDown
  var found: [Int] = []
  forEachIndex(in: values, above: { threshold }) { found.append($0) }
  return found
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
