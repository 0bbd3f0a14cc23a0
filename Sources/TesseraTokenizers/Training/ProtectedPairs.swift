internal import TesseraBasics

/// The pairs of neighbouring tokens in text whose IDs must not change.
///
/// New merges rank after all merges of the base. As long as none of them fires in the protected text, its
/// encoding is the base encoding, in which no new token stands; so the next one fires there if and only if
/// its two tokens are neighbours in the base encoding of a protected pre-token. Refusing these pairs, and
/// no others, keeps every ID of the text.
///
/// Where a vocabulary of ranks decides about merges, any two neighbours that together have the bytes of a
/// new token become it, however it was learned. There the bytes are compared.
public struct ProtectedPairs: Sendable {
  private var pairs: Set<UInt64> = []
  /// What the pairs are together, for vocabularies of ranks.
  private var texts: Set<[UInt8]> = []
  private let comparesBytes: Bool

  /// The pairs of counted pre-tokens.
  ///
  /// - Parameters:
  ///   - counts: The pre-tokens of the protected text, as the base splits it; see
  ///     `countPreTokens(in:for:)`.
  ///   - base: The tokenizer that merges are to be learned on top of.
  /// - Complexity: O(size of the distinct pre-tokens) time, O(number of distinct pairs) memory.
  public init(in counts: PreTokenCounts, base: Tokenizer) {
    comparesBytes = base.model.semantics == .ranks
    let compiled = base.compiled
    let found = counts.mapChunks { range -> Set<UInt64> in
      var encoder = TextEncoder(
        compiled, PreTokenizer(pattern: .none), PreTokenCache(.forDistinctTexts))
      var ids: [TokenID] = []
      var pairs: Set<UInt64> = []
      for index in range {
        ids.removeAll(keepingCapacity: true)
        let bytes = counts[index].bytes
        encoder.encodeText(bytes.span, into: &ids)
        for (left, right) in zip(ids, ids.dropFirst()) {
          pairs.insert(PairKey(left, right).packed)
        }
      }
      return pairs
    }
    for set in found { pairs.formUnion(set) }
    guard comparesBytes else { return }
    for pair in pairs {
      let pair = PairKey(packed: pair)
      texts.insert((base.bytes(of: pair.left) ?? []) + (base.bytes(of: pair.right) ?? []))
    }
  }

  /// The number of distinct pairs.
  public var count: Int { pairs.count }

  /// Whether merging two tokens would change the protected text.
  func contains(_ left: TokenID, _ right: TokenID, bytes: [UInt8]) -> Bool {
    comparesBytes ? texts.contains(bytes) : pairs.contains(PairKey(left, right).packed)
  }
}
