internal import TesseraBasics
internal import TesseraTokenizers

extension PreTokenCounts {
  /// How many tokens all occurrences of all pre-tokens have together.
  ///
  /// - Parameters:
  ///   - tokenizer: What encodes them.
  ///   - phase: What counting is called in `progress`, which gets the pre-tokens.
  ///   - progress: Called from whatever thread is working.
  func tokenCount(
    under tokenizer: Tokenizer, phase: String = "counting tokens", progress: ProgressHandler? = nil
  ) throws(TokenizerError) -> UInt64 {
    // A pre-token that is a token as a whole counts as the tokenizer takes it.
    let whole = try Tokenizer(model: tokenizer.model, pattern: .none)
    let sums = mapChunks(phase: phase, progress: progress) { range -> UInt64 in
      var encoder = whole.makeEncoder()
      var ids: [TokenID] = []
      var sum: UInt64 = 0
      for i in range {
        let (bytes, count) = self[i]
        ids.removeAll(keepingCapacity: true)
        do {
          try encoder.encode(bytes.span, into: &ids)
        } catch {
          preconditionFailure("no steps, no error: \(error)")
        }
        sum += UInt64(ids.count) * count
      }
      return sum
    }
    return sums.reduce(0, +)
  }
}
