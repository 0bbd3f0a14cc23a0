/// The options of a BPE model that a byte-level vocabulary does without.
public struct BPEOptions: Hashable, Sendable {
  /// How likely each merge is left out, from 0 to 1; 0 for none.
  ///
  /// Provilkov, Emelianenko and Voita, "BPE-Dropout: Simple and Effective Subword Regularization",
  /// 2020, arXiv:1910.13267.
  public var dropout: Double
  /// The token for characters that no other token covers; without one they are left out.
  public var unknownToken: String?
  /// What every token but the first of a pre-token begins with.
  public var continuingSubwordPrefix: String
  /// What the last token of a pre-token ends with.
  public var endOfWordSuffix: String
  /// Whether unknown characters that follow one another are one token.
  public var fusesUnknown: Bool
  /// Whether unknown characters become tokens for their bytes, such as `<0x0A>`, where all of these
  /// are in the vocabulary.
  public var fallsBackToBytes: Bool

  /// The defaults are those of tokenizers.
  public init(
    dropout: Double = 0, unknownToken: String? = nil, continuingSubwordPrefix: String = "",
    endOfWordSuffix: String = "", fusesUnknown: Bool = false, fallsBackToBytes: Bool = false
  ) {
    self.dropout = dropout
    self.unknownToken = unknownToken
    self.continuingSubwordPrefix = continuingSubwordPrefix
    self.endOfWordSuffix = endOfWordSuffix
    self.fusesUnknown = fusesUnknown
    self.fallsBackToBytes = fallsBackToBytes
  }
}

/// What the tokens of a BPE model are made of.
public enum BPEAlphabet: Hashable, Sendable {
  /// Bytes: each of the 256 has a token, so there is a token for everything.
  case bytes
  /// Characters, as the text is after normalization and splitting.
  case characters
}
