/// Merges learned on top of a tokenizer, in the order in which they were learned.
public struct ContinuedBPE: Hashable, Sendable {
  /// The merges, to be ranked after all merges of the base.
  ///
  /// A result that is not the next one of ``ids`` is a token of the base that no merge of the base makes; it
  /// keeps its ID.
  public let merges: [LearnedMerge]
  /// The IDs of the new tokens.
  public let ids: NewTokenIDs
  /// The bytes of each new token, in the order of the IDs.
  public let newTokens: [[UInt8]]
  /// For each merge the language that it was chosen for, by its place among those of the training.
  public let languages: [Int]
  /// What was refused to each language, in the order of the training.
  let refusals: [RefusedPair]

  /// The pairs that would have been merged next but for the constraints, in the order of the training.
  ///
  /// Each is there once, also if several languages would have merged it.
  public var refused: [RefusedPair] { refused(beforeMerge: .max) }

  /// The same of a training that ends with some merge.
  ///
  /// - Parameter mergeCount: The number of merges of that training.
  package func refused(beforeMerge mergeCount: Int) -> [RefusedPair] {
    var pairs: [RefusedPair] = []
    var places: [PairKey: Int] = [:]
    for pair in refusals where pair.mergeCount < mergeCount {
      let key = PairKey(pair.left, pair.right)
      if let place = places[key] {
        pairs[place].count += pair.count
      } else {
        places[key] = pairs.count
        pairs.append(pair)
      }
    }
    return pairs
  }

  /// The merges with the bytes of the tokens that they make.
  ///
  /// - Parameters:
  ///   - base: The base.
  ///   - count: How many merges; nil for all.
  package func newMerges(base: Tokenizer, count: Int? = nil) -> [NewMerge] {
    merges.prefix(count ?? merges.count).map { merge in
      let bytes =
        ids.index(of: merge.result).map { newTokens[$0] } ?? base.bytes(of: merge.result) ?? []
      return NewMerge(
        left: merge.left, right: merge.right, result: merge.result, bytes: bytes,
        count: merge.count)
    }
  }

  /// The base with the merges after its own, without the added tokens whose IDs new ones have.
  ///
  /// - Throws: `TokenizerError`, which the trainer's own limits rule out.
  public func makeTokenizer(base: Tokenizer) throws(TokenizerError) -> Tokenizer {
    try base.removingAddedTokens(Set(ids.listed.prefix(newTokens.count)))
      .extended(with: newMerges(base: base))
  }
}
