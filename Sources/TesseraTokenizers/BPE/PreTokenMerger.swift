/// From a pre-token to its tokens: what the first merges give is searched for, the others follow.
struct PreTokenMerger: ~Copyable {
  private var search = TokenSearch()
  private var scratch = MergeScratch()

  /// Finds the tokens that the bytes of a pre-token are merged to.
  ///
  /// - Parameters:
  ///   - bytes: The pre-token, of less than 4 GiB.
  ///   - model: The tables.
  ///   - output: Room for as many tokens as there are bytes.
  /// - Returns: The number of tokens written to `output`.
  /// - Complexity: O(*n* log *n*) time for *n* bytes.
  @unsafe
  mutating func merge(
    _ bytes: UnsafeBufferPointer<UInt8>, _ model: CompiledBPE.View,
    into output: UnsafeMutablePointer<TokenID>
  ) -> Int {
    // SAFETY: passed on as they came.
    guard let count = unsafe search.find(bytes, model.search, into: output) else {
      return unsafe scratch.merge(bytes, model.tables, into: output)
    }
    return unsafe scratch.merge(output, count, model.tables)
  }

  /// Gives back the memory of pre-tokens above a size.
  mutating func shrink(to size: Int) {
    search.shrink(to: size)
    scratch.shrink(to: size)
  }
}
