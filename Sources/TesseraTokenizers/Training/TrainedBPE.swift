/// A merge that a training made.
public struct LearnedMerge: Hashable, Sendable {
  /// The left part.
  public var left: TokenID
  /// The right part.
  public var right: TokenID
  /// The new token.
  public var result: TokenID
  /// How often the pair occurred when it was merged, overlaps in runs included.
  public var count: UInt64

  /// A merge with its count.
  public init(left: TokenID, right: TokenID, result: TokenID, count: UInt64) {
    self.left = left
    self.right = right
    self.result = result
    self.count = count
  }
}

/// A trained vocabulary: the merges in the order in which they were learned.
///
/// The IDs are those of Hugging Face's trainer under ``TieOrder/hf`` (special tokens, then bytes in
/// the order of their characters, then merges) and those of rank files under ``TieOrder/bytes``
/// (bytes by value, merges, then special tokens).
public struct TrainedBPE: Hashable, Sendable {
  /// What was asked for.
  public let options: BPETrainerOptions
  /// The merges. Fewer than asked for if no further pair was frequent enough.
  public let merges: [LearnedMerge]

  /// The ID of the first byte token.
  public var firstByteID: TokenID {
    options.tie == .hf ? TokenID(options.specialTokens.count) : 0
  }

  /// The ID of the first special token.
  public var firstSpecialID: TokenID {
    options.tie == .hf ? 0 : TokenID(256 + merges.count)
  }

  /// The number of tokens.
  public var vocabularySize: Int { 256 + merges.count + options.specialTokens.count }

  /// The bytes in the order of their IDs.
  public var alphabet: [UInt8] { options.tie.alphabet }

  /// The vocabulary that the same training gives for a smaller size.
  ///
  /// Merges do not depend on the merges after them, so each vocabulary is a prefix of the larger
  /// ones.
  ///
  /// - Precondition: The size is not above that of the options.
  public func prefix(vocabularySize: Int) -> TrainedBPE {
    var options = options
    precondition(vocabularySize <= options.vocabularySize)
    options.vocabularySize = vocabularySize
    return TrainedBPE(
      options: options, merges: Array(merges.prefix(max(0, options.mergeCount))))
  }

  /// The bytes of each token, from the first byte token to the last merge.
  public func tokenBytes() -> [[UInt8]] {
    var tokens = alphabet.map { [$0] }
    tokens.reserveCapacity(256 + merges.count)
    for merge in merges {
      tokens.append(tokens[Int(merge.left - firstByteID)] + tokens[Int(merge.right - firstByteID)])
    }
    return tokens
  }
}
