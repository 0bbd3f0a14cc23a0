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
    for counts in corpora {
      for chunk in try Self.occurrences(in: counts, context) { sums.merge(chunk) { $0 + $1 } }
    }
    var runs = [[(run: [TokenID], count: UInt64)]](repeating: [], count: context.tokens.count)
    for (occurrence, count) in sums { runs[occurrence.index].append((occurrence.run, count)) }
    for i in runs.indices { runs[i].sort { $0.run.lexicographicallyPrecedes($1.run) } }
    self.runs = runs
  }

  /// The runs in one corpus, in chunks.
  private static func occurrences(
    in counts: PreTokenCounts, _ context: InitializationContext
  ) throws(VocabularyError) -> [[Occurrence: UInt64]] {
    let firstID = context.tokens.firstID
    let base: Tokenizer
    let extended: Tokenizer
    do {
      base = try wholePreTokens(context.tokenizer)
      extended = try wholePreTokens(
        context.tokenizer.extended(with: context.tokens.merges))
    } catch {
      throw .tokenizer(error)
    }
    let chunkSize = 1 << 13
    let chunkCount = (counts.count + chunkSize - 1) / chunkSize
    let found = parallelMap(chunkCount) { chunk -> [Occurrence: UInt64] in
      var found: [Occurrence: UInt64] = [:]
      if Interruption.isRequested { return found }
      var old = base.makeEncoder()
      var new = extended.makeEncoder()
      var before: [TokenID] = []
      var after: [TokenID] = []
      for i in chunk * chunkSize..<min(counts.count, (chunk + 1) * chunkSize) {
        let (bytes, count) = counts[i]
        before.removeAll(keepingCapacity: true)
        after.removeAll(keepingCapacity: true)
        do {
          try old.encode(bytes.span, into: &before)
          try new.encode(bytes.span, into: &after)
        } catch {
          preconditionFailure("no steps, no error: \(error)")
        }
        var next = 0
        for token in after {
          let run = run(of: token, in: before, from: &next, base, extended)
          if token >= firstID, Int(token - firstID) < context.tokens.count {
            found[Occurrence(index: Int(token - firstID), run: run), default: 0] += count
          }
        }
      }
      return found
    }
    if Interruption.isRequested { throw .interrupted }
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

  /// The base tokens from position `next` on that have as many bytes as a token of the extended encoding.
  private static func run(
    of token: TokenID, in before: [TokenID], from next: inout Int, _ base: Tokenizer,
    _ extended: Tokenizer
  ) -> [TokenID] {
    let start = next
    var size = extended.tokens.size(of: token)
    while size > 0, next < before.count {
      size -= base.tokens.size(of: before[next])
      next += 1
    }
    precondition(size == 0, "the extended encoding joins whole tokens of the base")
    return Array(before[start..<next])
  }
}
