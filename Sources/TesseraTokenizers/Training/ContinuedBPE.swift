/// Merges learned on top of a tokenizer, in the order in which they were learned.
public struct ContinuedBPE: Hashable, Sendable {
  /// The merges, to be ranked after all merges of the base.
  ///
  /// A result below ``firstID`` is a token of the base that no merge of the base makes; it keeps
  /// its ID. All other results are new tokens with consecutive IDs.
  public let merges: [LearnedMerge]
  /// The ID of the first new token.
  public let firstID: TokenID
  /// The bytes of each new token, in the order of the IDs.
  public let newTokens: [[UInt8]]
  /// For each merge the language that it was chosen for, by its place among those of the training.
  public let languages: [Int]
  /// The pairs that would have been merged next but for the constraints, in the order of the training.
  public let refused: [RefusedPair]

  /// The base with the merges after its own.
  ///
  /// - Throws: `TokenizerError`, which the trainer's own limits rule out.
  public func makeTokenizer(base: Tokenizer) throws(TokenizerError) -> Tokenizer {
    var list: [NewMerge] = []
    for merge in merges {
      let bytes =
        merge.result >= firstID
        ? newTokens[Int(merge.result - firstID)] : base.bytes(of: merge.result) ?? []
      list.append(
        NewMerge(
          left: merge.left, right: merge.right, result: merge.result, bytes: bytes,
          count: merge.count))
    }
    return try base.extended(with: list)
  }
}
