internal import TesseraBasics
public import TesseraTokenizers

/// Text whose IDs an extension leaves as they are, and the proof that it does.
public struct ProtectedText: Sendable {
  /// Its pre-tokens, as the base splits them.
  public let counts: PreTokenCounts
  /// The pairs of tokens that no new merge may make.
  public let pairs: ProtectedPairs

  /// The pairs of counted pre-tokens.
  public init(_ counts: PreTokenCounts, base: Tokenizer) {
    self.counts = counts
    pairs = ProtectedPairs(in: counts, base: base)
  }

  /// Encodes every distinct pre-token with both tokenizers and compares the IDs.
  ///
  /// An extended tokenizer splits text as its base does, so the IDs of the text are the same if those of
  /// its pre-tokens are.
  ///
  /// - Throws: ``VocabularyError/protectedTextChanged(preToken:)`` for the first pre-token that differs.
  func check(
    base: Tokenizer, extended: Tokenizer, progress: ProgressHandler?
  ) throws(VocabularyError) {
    let old: Tokenizer
    let new: Tokenizer
    do {
      old = try Tokenizer(model: base.model, pattern: .none)
      new = try Tokenizer(model: extended.model, pattern: .none)
    } catch {
      throw .tokenizer(error)
    }
    let counts = counts
    let changed = counts.mapChunks(phase: "comparing protected text", progress: progress) {
      range -> [UInt8]? in
      var before = old.makeEncoder()
      var after = new.makeEncoder()
      var (oldIDs, newIDs): ([TokenID], [TokenID]) = ([], [])
      for index in range {
        let bytes = counts[index].bytes
        oldIDs.removeAll(keepingCapacity: true)
        newIDs.removeAll(keepingCapacity: true)
        do {
          try before.encode(bytes.span, into: &oldIDs)
          try after.encode(bytes.span, into: &newIDs)
        } catch {
          preconditionFailure("no steps, no error: \(error)")
        }
        if oldIDs != newIDs { return Array(bytes) }
      }
      return nil
    }
    if let first = changed.lazy.compactMap({ $0 }).first {
      throw .protectedTextChanged(preToken: String(decoding: first, as: UTF8.self))
    }
  }
}
