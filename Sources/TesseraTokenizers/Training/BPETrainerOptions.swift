/// Which of several equally frequent pairs is merged first.
public enum TieOrder: String, CaseIterable, Hashable, Sendable {
  /// The pair with the smaller IDs, bytes numbered in the order of the characters that stand for
  /// them in a tokenizer.json, as Hugging Face's `BpeTrainer` has it.
  case hf
  /// The pair with the smaller IDs, bytes numbered by their value, as rustbpe has it.
  case bytes

  /// The 256 bytes in the order of their IDs.
  public var alphabet: [UInt8] {
    let bytes = Array(UInt8.min...UInt8.max)
    switch self {
    case .hf: return bytes.sorted { ByteAlphabet.scalar(for: $0) < ByteAlphabet.scalar(for: $1) }
    case .bytes: return bytes
    }
  }
}

/// What a training makes.
public struct BPETrainerOptions: Hashable, Sendable {
  /// The size of the vocabulary: special tokens, 256 bytes, and merges.
  public var vocabularySize: Int
  /// Pairs that occur less often are not merged; 0 and 1 both mean any pair that occurs.
  public var minimumFrequency = 0
  /// No token gets longer than this, in bytes; at least 2. Nil: no limit.
  public var maximumTokenLength: Int?
  /// Tokens that text cannot produce by itself.
  public var specialTokens: [String] = []
  /// Which of several equally frequent pairs is merged first.
  public var tie = TieOrder.hf
  /// How text is split before merging.
  public var pattern = PreTokenizerPattern.o200k
  /// How text is normalized before it is split.
  public var normalization = Normalization.none

  /// Options with their recommended values.
  public init(vocabularySize: Int) { self.vocabularySize = vocabularySize }

  /// The limit that Hugging Face's `max_token_length` amounts to.
  ///
  /// Their trainer compares with `<`, and does not look at the first pairs, which have two bytes.
  public static func maximumTokenLength(huggingFace limit: Int) -> Int { max(2, limit - 1) }

  /// The number of merges that the vocabulary has room for.
  public var mergeCount: Int { vocabularySize - 256 - specialTokens.count }
}
