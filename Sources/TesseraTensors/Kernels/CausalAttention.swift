import CTesseraKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

// Causal attention of one head over one sequence, in tiles of queries.
//
// Shapes, row-major:   queries, keys, values, output: [length, headWidth]   logSums: [1, length]
//
//   scores[t, s]  = scale * queries[t] . keys[s]      t - window < s <= t, or all s before keyCount
//   p[t, s]       = exp(scores[t, s] - logSums[t])    logSums = log of sum of exp
//   output[t]     = sum over the same s of p[t, s] values[s]
//
// Backward, with d the gradient of the output:
//
//   dvalues[s]  = sum over t of p[t, s] d[t]
//   dp[t, s]    = d[t] . values[s]
//   dscores     = p * (dp - d[t] . output[t])
//   dqueries[t] = scale * sum over s of dscores[t, s] keys[s],   dkeys alike
//
// A tile of queries meets the keys from the first that its first position sees up to its last
// position, so most of the upper triangle is never computed, nor what lies before a sliding window,
// and the scratch memory is one to three tiles of rows: linear in the length. Only logSums is kept
// for the backward pass, which computes the probabilities again.
//
// Without causality every query sees the same keys: all, or where a sequence is padded at its end, those
// before the padding. Queries of padding see them too, so that their outputs are numbers; nobody reads
// them, and where the gradient of their outputs is 0 they add nothing to any other.
//
// Scores may be soft-capped: see SoftCap.swift.
//
// Vaswani et al., "Attention Is All You Need", 2017, arXiv:1706.03762, section 3.2.1;
// Dao et al., "FlashAttention", 2022, arXiv:2205.14135, for the backward pass without stored
// probabilities.

/// Queries per tile.
private let tileRows = 64

/// The tiles of a sequence.
private func tiles(_ length: Int) -> [Range<Int>] {
  stride(from: 0, to: length, by: tileRows).map { $0..<min($0 + tileRows, length) }
}

/// How scores are made, and which keys a query sees.
package struct AttentionRule: Hashable, Sendable {
  /// The factor of the inner products.
  package var scale: Float
  /// How many keys a query sees, its own among them; nil for all up to its own.
  package var window: Int?
  /// What scores are capped at, if they are.
  package var softCap: Float?
  /// Whether a query sees no keys behind its own.
  package var isCausal = true
  /// Without causality, how many keys there are before the padding; nil where there is none.
  package var keyCount: Int?

  /// A rule with causality.
  ///
  /// - Precondition: The window and the cap are positive.
  package init(scale: Float, window: Int? = nil, softCap: Float? = nil) {
    precondition(window ?? 1 > 0 && softCap ?? 1 > 0, "a window and a cap are positive")
    self.scale = scale
    self.window = window
    self.softCap = softCap
  }

  /// One over the root of a head's width, and nothing else.
  package init(headWidth: Int) { self.init(scale: 1 / Float(headWidth).squareRoot()) }

  /// A rule without causality, by which all queries see the same keys.
  ///
  /// - Precondition: There is a key.
  package static func bidirectional(scale: Float, keyCount: Int? = nil) -> AttentionRule {
    precondition(keyCount ?? 1 > 0, "a query sees a key")
    var rule = AttentionRule(scale: scale)
    rule.isCausal = false
    rule.keyCount = keyCount
    return rule
  }

  /// The keys that some query of a tile sees.
  fileprivate func visible(_ tile: Range<Int>, length: Int) -> Range<Int> {
    if !isCausal { return 0..<min(keyCount ?? length, length) }
    return max(0, tile.lowerBound - (window ?? tile.upperBound) + 1)..<tile.upperBound
  }

  /// Where the first query of a tile stands among the keys that it sees: the later ones stand behind it, and
  /// see up to there.
  fileprivate func first(_ tile: Range<Int>, _ visible: Range<Int>) -> Int64 {
    Int64(isCausal ? tile.lowerBound - visible.lowerBound : visible.count)
  }

  /// The window as kernels want it.
  fileprivate var width: Int64 { window.map { Int64($0) } ?? .max }
  /// The factor that is left for the softmax.
  fileprivate var softmaxScale: Float { softCap == nil ? scale : 1 }

  /// Caps inner products; without a cap they stay as they are.
  fileprivate func cap(_ products: Matrix) {
    if let softCap { TesseraTensors.softCap(products, factor: scale, cap: softCap) }
  }
}

/// Attention of one head; `logSums` keeps what the backward pass needs.
package func causalAttention(
  into output: Matrix, logSums: Matrix, queries: Matrix, keys: Matrix, values: Matrix,
  rule: AttentionRule, scratch: ScratchPool
) {
  let length = queries.rowCount
  precondition(logSums.count == length && logSums.isContiguous)
  precondition(keys.rowCount == length && values.rowCount == length)
  let scoreSize = FloatMemory.size(rowCount: min(tileRows, length), columnCount: length)
  scratch.withMemory(capacity: scoreSize) { memory in
    let space = memory.carve(min(tileRows, length), length)
    for tile in tiles(length) {
      let visible = rule.visible(tile, length: length)
      let scores = space.reshaped(rowCount: tile.count, columnCount: visible.count)
      multiply(into: scores, queries.rows(tile), transposed: keys.rows(visible))
      rule.cap(scores)
      // SAFETY: row r of the tile sees columns before `first + r + 1`, at most all.
      unsafe kernels.causal_softmax(
        scores.base, Int64(scores.stride), logSums.columns(tile).base,
        rule.first(tile, visible), rule.width, Int64(tile.count),
        Int64(visible.count), rule.softmaxScale)
      multiply(into: output.rows(tile), scores, values.rows(visible))
    }
  }
}

/// The matrices of the backward pass of one head, all [length, headWidth].
package struct CausalAttentionGradient {
  /// The gradient of the queries, overwritten.
  package var queries: Matrix
  /// The gradient of the keys, added to.
  package var keys: Matrix
  /// The gradient of the values, added to.
  package var values: Matrix

  /// The three gradients.
  package init(queries: Matrix, keys: Matrix, values: Matrix) {
    self.queries = queries
    self.keys = keys
    self.values = values
  }
}

/// The gradient of ``causalAttention(into:logSums:queries:keys:values:rule:scratch:)``.
///
/// Heads that share keys and values are called one after the other, and add up.
package func causalAttentionBackward(
  into gradient: CausalAttentionGradient, outputGradient: Matrix, output: Matrix, logSums: Matrix,
  queries: Matrix, keys: Matrix, values: Matrix, rule: AttentionRule, scratch: ScratchPool
) {
  let length = queries.rowCount
  let width = queries.columnCount
  precondition(logSums.count == length && output.rowCount == length)
  precondition(output.columnCount == width && outputGradient.columnCount == width)
  precondition(outputGradient.rowCount == length && keys.rowCount == length)
  let rows = min(tileRows, length)
  let scoreSize = FloatMemory.size(rowCount: rows, columnCount: length)
  let dotSize = FloatMemory.size(rowCount: 1, columnCount: rows)
  let spaceCount = rule.softCap == nil ? 2 : 3
  scratch.withMemory(capacity: spaceCount * scoreSize + dotSize) { memory in
    let spaces = (0..<spaceCount).map { _ in memory.carve(rows, length) }
    let dots = memory.carve(1, rows)
    for tile in tiles(length) {
      let visible = rule.visible(tile, length: length)
      let first = rule.first(tile, visible)
      let tileSpaces = spaces.map {
        $0.reshaped(rowCount: tile.count, columnCount: visible.count)
      }
      let (probabilities, scores) = (tileSpaces[0], tileSpaces[1])
      let d = outputGradient.rows(tile)
      let o = output.rows(tile)
      multiply(into: probabilities, queries.rows(tile), transposed: keys.rows(visible))
      if rule.softCap != nil {
        rule.cap(probabilities)
        tileSpaces[2].copy(from: probabilities)
      }
      multiply(into: scores, d, transposed: values.rows(visible))
      // SAFETY: row r of the tile sees columns before `first + r + 1`, at most all; the two score
      // matrices have one stride; `dots` has a float for each row of the tile.
      unsafe kernels.causal_probabilities(
        probabilities.base, Int64(probabilities.stride), logSums.columns(tile).base, first,
        rule.width, Int64(tile.count), Int64(visible.count), rule.softmaxScale)
      unsafe kernels.row_dots(
        dots.base, d.base, Int64(d.stride), o.base, Int64(o.stride), Int64(tile.count),
        Int64(width))
      unsafe kernels.causal_softmax_backward(
        scores.base, probabilities.base, Int64(scores.stride), dots.base, first, rule.width,
        Int64(tile.count), Int64(visible.count), rule.softmaxScale)
      if let cap = rule.softCap {
        softCapBackward(scores, capped: tileSpaces[2], factor: rule.scale, cap: cap)
      }
      multiply(into: gradient.values.rows(visible), transposed: probabilities, d, keep: 1)
      multiply(into: gradient.queries.rows(tile), scores, keys.rows(visible))
      multiply(
        into: gradient.keys.rows(visible), transposed: scores, queries.rows(tile), keep: 1)
    }
  }
}

/// The attention of one query over keys and values that are cached, all of which it sees: the rule's
/// window is what the caller cuts them by.
///
/// Shapes: `query` and `output` [1, headWidth], `keys` and `values` [length, headWidth].
package func cachedAttention(
  into output: Matrix, query: Matrix, keys: Matrix, values: Matrix, rule: AttentionRule,
  scratch: ScratchPool
) {
  let length = keys.rowCount
  precondition(query.rowCount == 1 && values.rowCount == length && length > 0)
  precondition(query.columnCount == keys.columnCount && output.columnCount == values.columnCount)
  let sizes = FloatMemory.size(rowCount: 1, columnCount: length) + FloatMemory.alignment
  scratch.withMemory(capacity: sizes) { memory in
    let scores = memory.carve(1, length)
    let logSum = memory.carve(1, 1)
    // SAFETY: there is a score for each key, and the one row of scores sees all of them.
    unsafe kernels.matrix_vector(
      scores.base, keys.base, Int64(keys.stride), query.base, Int64(length),
      Int64(keys.columnCount))
    rule.cap(scores)
    unsafe kernels.causal_softmax(
      scores.base, Int64(length), logSum.base, Int64(length - 1), .max, 1, Int64(length),
      rule.softmaxScale)
    output.fill(with: 0)
    for row in 0..<length {
      // SAFETY: both rows have the width of a head.
      unsafe kernels.add_scaled(
        output.base, values.rows(row..<row + 1).base, scores[0, row], Int64(values.columnCount))
    }
  }
}

/// The attention of one head in Double, from its definition.
///
/// - Parameter documents: Which document each row is of; a query sees keys of its own alone. Nil is one
///   document.
package func causalAttentionReference(
  queries: [Double], keys: [Double], values: [Double], width: Int, rule: AttentionRule? = nil,
  documents: [Int]? = nil
) -> [Double] {
  let factor = rule.map { Double($0.scale) } ?? 1 / Double(width).squareRoot()
  var output = [Double](repeating: 0, count: queries.count)
  for t in 0..<queries.count / width {
    let first = max(0, t - (rule?.window ?? t + 1) + 1)
    let isCausal = rule?.isCausal ?? true
    let end = isCausal ? t + 1 : rule?.keyCount ?? keys.count / width
    let scores = (isCausal ? first..<end : 0..<end).map { s in
      if let documents, documents[s] != documents[t] { return -Double.infinity }
      let product = (0..<width).reduce(0) { $0 + queries[t * width + $1] * keys[s * width + $1] }
      return softCapReference(product * factor, cap: rule?.softCap.map { Double($0) })
    }
    let largest = scores.max() ?? 0
    let weights = scores.map { exp($0 - largest) }
    let total = weights.reduce(0, +)
    for (s, weight) in weights.enumerated() {
      let key = isCausal ? first + s : s
      for i in 0..<width {
        output[t * width + i] += weight / total * values[key * width + i]
      }
    }
  }
  return output
}
