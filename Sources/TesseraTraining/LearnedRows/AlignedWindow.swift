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
