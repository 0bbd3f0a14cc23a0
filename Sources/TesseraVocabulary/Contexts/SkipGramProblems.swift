internal import TesseraBasics
internal import TesseraCheckpoints
internal import TesseraTensors
internal import TesseraTokenizers

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// For each new token, what stands around it and what does not, as rows of the other matrix.
struct SkipGramProblems: Sendable {
  /// What the row of one token should be near to, and far from.
  struct Problem: Sendable {
    /// `[losses, width]`: rows of neighbors, then of negatives.
    let others: [Float]
    /// The weight of each loss.
    let factors: [Double]
    /// -1 for neighbors, 1 for negatives.
    let signs: [Double]

    /// The direction in which the loss falls steepest, from a row of the token.
    func descent(from row: [Float]) -> [Float] {
      let scores = product(others, transposed: row, inner: row.count)
      let slopes = scores.indices.map { i in
        Float(-factors[i] * signs[i] / (1 + exp(-signs[i] * Double(scores[i]))))
      }
      return product(slopes, others, inner: slopes.count)
    }

    /// The problem of weights of some rows, one after the other.
    func descent(among rows: [Float]) -> SimplexDescent {
      SimplexDescent(
        products: product(others, transposed: rows, inner: others.count / factors.count),
        factors: factors, signs: signs)
    }
  }

  /// Negatives of one token, in sets of ``ConstrainedWord2VecInitializer/Options/negativeCount``.
  private static let negativeSetCount = 64

  private let contexts: TokenContexts
  private let importance: [Double]
  private let options: ConstrainedWord2VecInitializer.Options
  private let context: InitializationContext
  /// Rows of the negatives, or their sums by sets.
  private let negatives: [Float]

  /// Looks through a text.
  init(
    _ documents: [[TokenID]], in context: InitializationContext,
    _ options: ConstrainedWord2VecInitializer.Options, seed: UInt64
  ) throws(VocabularyError) {
    self.context = context
    self.options = options
    contexts = TokenContexts(
      documents, ids: context.tokens.ids, newTokenCount: context.tokens.count)
    let total = Double(contexts.counts.reduce(0, +))
    importance = contexts.counts.map { count in
      count == 0 ? 0 : min(1, (options.subsampling * total / Double(count)).squareRoot())
    }
    let sample = NegativeSample(
      counts: contexts.counts, size: Self.negativeSetCount * options.negativeCount, seed: seed)
    let width = context.matrix.width
    let rows = try Self.rows(of: sample.tokens, context)
    if options.sumsNegatives {
      var sums: [Float] = []
      let setSize = options.negativeCount * width
      for start in stride(from: 0, to: rows.count, by: max(1, setSize)) {
        for i in 0..<width {
          sums.append(
            stride(from: start + i, to: start + setSize, by: width).reduce(0) { $0 + rows[$1] })
        }
      }
      negatives = sums
    } else {
      negatives = rows
    }
  }

  /// The problem of a new token, or nil if nothing stands around it.
  subscript(index: Int) -> Problem? {
    get throws(VocabularyError) {
      let neighbors = contexts.neighbors(
        of: index, window: options.window, limit: options.neighborLimit, importance: importance)
      if neighbors.isEmpty { return nil }
      let count = negatives.count / context.matrix.width
      let all = Double(options.sumsNegatives ? 1 : options.negativeCount)
      return Problem(
        others: try Self.rows(of: neighbors.map(\.token), context) + negatives,
        factors: neighbors.map(\.weight)
          + [Double](repeating: all / Double(max(1, count)), count: count),
        signs: [Double](repeating: -1, count: neighbors.count)
          + [Double](repeating: 1, count: count))
    }
  }

  /// Rows of the other matrix, one after the other; those of new tokens are the mean of their pieces.
  private static func rows(
    of tokens: [TokenID], _ context: InitializationContext
  ) throws(VocabularyError) -> [Float] {
    let pieces = tokens.map { token in
      context.tokens.index(of: token).map { context.tokens.pieceRows(of: $0) } ?? [Int(token)]
    }
    let gathered = try GatheredRows(pieces.flatMap { $0 }, of: context.counterpart)
    var rows: [Float] = []
    rows.reserveCapacity(tokens.count * context.counterpart.width)
    for pieces in pieces { rows += gathered.mean(of: pieces) }
    return rows
  }
}
