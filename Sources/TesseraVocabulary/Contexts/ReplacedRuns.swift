internal import TesseraBasics
internal import TesseraTokenizers

/// The runs of base tokens that new tokens replace in a corpus.
struct ReplacedRuns: Sendable {
  /// For each new token, the runs that it replaces with their counts, in the order of their tokens; none
  /// for a token that stands nowhere.
  let runs: [[(run: [TokenID], count: UInt64)]]

  private struct Occurrence: Hashable {
    let index: Int
    let run: [TokenID]
  }

  /// Encodes all pre-tokens with the base and with the extended tokenizer, on all threads.
  init(
    _ corpora: [PreTokenCounts], in context: InitializationContext
  ) throws(VocabularyError) {
    var sums: [Occurrence: UInt64] = [:]
    for counts in corpora { try Self.count(counts, in: context, to: &sums) }
    var runs = [[(run: [TokenID], count: UInt64)]](repeating: [], count: context.tokens.count)
    for (occurrence, count) in sums { runs[occurrence.index].append((occurrence.run, count)) }
    for i in runs.indices { runs[i].sort { $0.run.lexicographicallyPrecedes($1.run) } }
    self.runs = runs
  }

  /// Adds the runs in one corpus.
  private static func count(
    _ counts: PreTokenCounts, in context: InitializationContext,
    to sums: inout [Occurrence: UInt64]
  ) throws(VocabularyError) {
    let extended: Tokenizer
    let base: Tokenizer
    let whole = try context.extendedTokenizer()
    do {
      base = try wholePreTokens(context.tokenizer)
      extended = try wholePreTokens(whole)
    } catch {
      throw .tokenizer(error)
    }
    let (chunkSize, roundSize) = (1 << 13, 32)
    let chunkCount = (counts.count + chunkSize - 1) / chunkSize
    for start in stride(from: 0, to: chunkCount, by: roundSize) {
      if Interruption.isRequested { throw .interrupted }
      let found = parallelMap(min(roundSize, chunkCount - start)) { index in
        let first = (start + index) * chunkSize
        return occurrences(
          in: counts, first..<min(counts.count, first + chunkSize), base, extended, context)
      }
      for chunk in found { sums.merge(chunk) { $0 + $1 } }
    }
  }

  /// The runs in some pre-tokens.
  private static func occurrences(
    in counts: PreTokenCounts, _ range: Range<Int>, _ base: Tokenizer, _ extended: Tokenizer,
    _ context: InitializationContext
  ) -> [Occurrence: UInt64] {
    var found: [Occurrence: UInt64] = [:]
    var old = base.makeEncoder()
    var new = extended.makeEncoder()
    var before: [TokenID] = []
    var after: [TokenID] = []
    for i in range {
      let (bytes, count) = counts[i]
      before.removeAll(keepingCapacity: true)
      after.removeAll(keepingCapacity: true)
      do {
        try old.encode(bytes.span, into: &before)
        try new.encode(bytes.span, into: &after)
      } catch {
        preconditionFailure("no steps, no error: \(error)")
      }
      guard let ends = runEnds(before, after, size: { extended.tokens.size(of: $0) }) else {
        preconditionFailure("the extended encoding joins whole tokens of the base")
      }
      var start = 0
      for (token, end) in zip(after, ends) {
        if let index = context.tokens.index(of: token) {
          let run = Array(before[start..<end])
          found[Occurrence(index: index, run: run), default: 0] += count
        }
        start = end
      }
    }
    return found
  }

  /// A tokenizer for which each pre-token is one piece, whatever the pattern, and always merged alike.
  private static func wholePreTokens(
    _ tokenizer: Tokenizer
  ) throws(TokenizerError) -> Tokenizer {
    var model = tokenizer.model
    model.options.dropout = 0
    return try Tokenizer(model: model, pattern: .none)
  }
}
