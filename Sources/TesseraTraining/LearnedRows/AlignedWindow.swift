import TesseraTokenizers

/// A stretch of text in tokens of the base and of the extended vocabulary.
///
/// New merges come after all old ones, so each token of the extended encoding stands for a run of
/// tokens of the base: for itself in most cases, and for the pieces that it replaces where it is new.
/// After the last token of a run, the base has read what the extended model has read after the token.
struct AlignedWindow: Hashable, Sendable {
  /// The tokens of the base, after an end-of-text token where the tokenizer has one.
  private(set) var base: [Int32] = []
  /// The tokens of the extended vocabulary, likewise.
  private(set) var extended: [Int32] = []
  /// For each token of the extended vocabulary, the index of the last token of its run.
  private(set) var ends: [Int] = []

  /// A window that begins with a token, if there is one.
  init(first: TokenID?) {
    if let first { append(first, run: CollectionOfOne(first)) }
  }

  /// Adds a token with its run.
  mutating func append(_ token: TokenID, run: some Collection<TokenID>) {
    extended.append(Int32(bitPattern: token))
    base.append(contentsOf: run.lazy.map { Int32(bitPattern: $0) })
    ends.append(base.count - 1)
  }
}

/// Where the runs of an extended encoding end in that of the base.
///
/// - Parameters:
///   - before: The encoding of a text by the base.
///   - after: The extended encoding of the same text.
///   - size: The number of bytes that a token of the extended vocabulary stands for; 0 if it is none that
///     merges make.
/// - Returns: For each token of `after`, the index behind its run; nil if tokens are no runs, as with BPE
///   dropout.
/// - Complexity: O(tokens).
func runEnds(_ before: [TokenID], _ after: [TokenID], size: (TokenID) -> Int) -> [Int]? {
  var ends: [Int] = []
  ends.reserveCapacity(after.count)
  var next = 0
  for token in after {
    if next < before.count, before[next] == token {
      next += 1
    } else {
      var left = size(token)
      guard left > 0 else { return nil }
      while left > 0, next < before.count {
        let part = size(before[next])
        guard part > 0 else { return nil }
        left -= part
        next += 1
      }
      guard left == 0 else { return nil }
    }
    ends.append(next)
  }
  return next == before.count ? ends : nil
}
