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

/// A BPE vocabulary with the merges that make its tokens.
public struct BPEModel: Sendable {
  /// The tokens. Over bytes, each of the 256 has one; over characters they are as they are spelled,
  /// with prefixes, suffixes and `▁`.
  public var tokens: TokenTable
  /// The merges by rank. With ``MergeSemantics/ranks`` there are none: the tokens say it all.
  public var merges: [Merge]
  /// How tokens and merges are read.
  public var semantics: MergeSemantics
  /// What tokens are made of.
  public let alphabet: BPEAlphabet
  /// What a byte-level vocabulary does without, dropout aside.
  public var options: BPEOptions
  /// What SentencePiece says about the tokens, if the model is one of its own. The merges are then
  /// those that its scores stand for, or none where no list does.
  public let pieces: PieceAttributes?

  /// A model out of its parts.
  ///
  /// - Precondition: ``MergeSemantics/ranks`` are those of bytes.
  /// - Throws: ``TokenizerError/missingByte(_:)`` if some text could not be encoded with a
  ///   vocabulary over bytes, ``TokenizerError/unknownTokenMissing(_:)``,
  ///   ``TokenizerError/tooMany(of:limit:)`` from 2²⁴ - 1 merges on, and
  ///   ``TokenizerError/mergeOutOfVocabulary(rank:token:)`` if a merge has an ID without a token.
  public init(
    tokens: TokenTable, merges: [Merge], semantics: MergeSemantics,
    alphabet: BPEAlphabet = .bytes, options: BPEOptions = BPEOptions()
  ) throws(TokenizerError) {
    try self.init(
      tokens: tokens, merges: merges, semantics: semantics, alphabet: alphabet, options: options,
      pieces: nil)
  }

  /// The model of SentencePiece's pieces.
  ///
  /// - Parameters:
  ///   - tokens: The pieces as they are spelled; control pieces are hidden.
  ///   - pieces: Their scores and kinds.
  ///   - options: What becomes of unknown characters.
  /// - Throws: As ``init(tokens:merges:semantics:alphabet:options:)`` does.
  public init(
    tokens: TokenTable, pieces: PieceAttributes, options: BPEOptions
  ) throws(TokenizerError) {
    try self.init(
      tokens: tokens, merges: PieceMerger(tokens, pieces).merges() ?? [], semantics: .merges,
      alphabet: .characters, options: options, pieces: pieces)
  }

  init(
    tokens: TokenTable, merges: [Merge], semantics: MergeSemantics, alphabet: BPEAlphabet,
    options: BPEOptions, pieces: PieceAttributes?
  ) throws(TokenizerError) {
    precondition(
      semantics != .ranks || alphabet == .bytes, "ranks are those of tokens over bytes")
    switch alphabet {
    case .bytes:
      for byte in UInt8.min...UInt8.max where tokens.id(of: [byte]) == nil {
        throw .missingByte(byte)
      }
    case .characters:
      let coversBytes =
        options.fallsBackToBytes
        && (UInt8.min...UInt8.max).allSatisfy {
          tokens.id(of: ByteFallback.spelling(of: $0)) != nil
        }
      if let unknown = options.unknownToken, !coversBytes,
        tokens.id(of: Array(unknown.utf8)) == nil
      {
        throw .unknownTokenMissing(unknown)
      }
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
    self.alphabet = alphabet
    self.options = options
    self.pieces = pieces
  }
}
