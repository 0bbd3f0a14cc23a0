internal import Synchronization
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
    let chunkSize = 1 << 14
    let done = Atomic(0)
    let changed = parallelMap((counts.count + chunkSize - 1) / chunkSize) { chunk -> [UInt8]? in
      var before = old.makeEncoder()
      var after = new.makeEncoder()
      var (oldIDs, newIDs): ([TokenID], [TokenID]) = ([], [])
      let range = chunk * chunkSize..<Swift.min(counts.count, (chunk + 1) * chunkSize)
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
      progress?(
        ProgressUpdate(
          phase: "comparing protected text",
          completed: done.wrappingAdd(range.count, ordering: .relaxed).newValue,
          total: counts.count, unit: "pre-tokens"))
      return nil
    }
    if let first = changed.lazy.compactMap({ $0 }).first {
      throw .protectedTextChanged(preToken: String(decoding: first, as: UTF8.self))
    }
  }
}
