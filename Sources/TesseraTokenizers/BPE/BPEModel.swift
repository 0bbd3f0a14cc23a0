/// Which of two adjacent tokens become one, and in which order.
public enum MergeSemantics: Hashable, Sendable {
  /// Hugging Face's: a list of pairs, the first one of the list that occurs is merged first.
  case merges
  /// The same, but a pre-token that is a token as a whole is that token (`ignore_merges`).
  case mergesAfterWholePreTokens
  /// tiktoken's: the pair whose bytes are the token with the smallest ID is merged first, however
  /// it is composed; a pre-token that is a token as a whole is that token.
  case ranks
}

/// A byte-level BPE vocabulary with the merges that make its tokens.
public struct BPEModel: Sendable {
  /// The tokens. Each of the 256 bytes has one.
  public var tokens: TokenTable
  /// The merges by rank. With ``MergeSemantics/ranks`` there are none: the tokens say it all.
  public var merges: [Merge]
  /// How tokens and merges are read.
  public var semantics: MergeSemantics

  /// A model out of its parts.
  ///
  /// - Throws: ``TokenizerError/missingByte(_:)`` if some text could not be encoded,
  ///   ``TokenizerError/tooMany(of:limit:)`` from 2²⁴ - 1 merges on, and
  ///   ``TokenizerError/mergeOutOfVocabulary(rank:token:)`` if a merge has an ID without a token.
  public init(
    tokens: TokenTable, merges: [Merge], semantics: MergeSemantics
  ) throws(TokenizerError) {
    for byte in UInt8.min...UInt8.max where tokens.id(of: [byte]) == nil {
      throw .missingByte(byte)
    }
    guard merges.count < Int(MergeTables.View.none) else {
      throw .tooMany(of: "merges", limit: Int(MergeTables.View.none) - 1)
    }
    for (rank, merge) in merges.enumerated() {
      guard
        !tokens.contains(merge.left) || !tokens.contains(merge.right)
          || !tokens.contains(merge.result)
      else { continue }
      let missing = [merge.left, merge.right, merge.result].first { !tokens.contains($0) }!
      throw .mergeOutOfVocabulary(rank: rank, token: "with the ID \(missing)")
    }
    self.tokens = tokens
    self.merges = merges
    self.semantics = semantics
  }
}
