/// How a tokenizer encodes a corpus, in counts that add up over documents and corpora.
///
/// None of what follows from the counts depends on a model, so tokenizers can be compared before
/// anything is trained. Tokens that post-processing adds are not counted.
public struct TokenizerMeasurement: Hashable, Sendable {
  /// The number of documents.
  public var documentCount = 0
  /// The size of the text in bytes.
  public var byteCount = 0
  /// The number of characters: code points, and bytes that belong to none.
  public var characterCount = 0
  /// The number of words: what white space parts, and each letter of scripts without spaces.
  public var wordCount = 0
  /// The number of words that lie within one token.
  public var wholeWordCount = 0
  /// The number of pre-tokens, added tokens not counted.
  public var preTokenCount = 0
  /// The number of tokens that stand for one byte.
  public var singleByteTokenCount = 0
  /// How often each token occurs, by ID.
  public var frequencies: [UInt64]
  /// The number of tokens that there are, added ones included.
  public let vocabularySize: Int

  /// No text.
  ///
  /// - Parameter tokenizer: The tokenizer that is measured.
  public init(of tokenizer: Tokenizer) {
    frequencies = [UInt64](repeating: 0, count: tokenizer.vocabularySize)
    let added = tokenizer.addedTokens.count { !tokenizer.tokens.contains($0.id) }
    vocabularySize = tokenizer.tokens.count + added
  }

  /// Adds the counts of other text, encoded by the same tokenizer.
  public mutating func add(_ other: TokenizerMeasurement) {
    precondition(frequencies.count == other.frequencies.count, "the tokenizer is the same")
    documentCount += other.documentCount
    byteCount += other.byteCount
    characterCount += other.characterCount
    wordCount += other.wordCount
    wholeWordCount += other.wholeWordCount
    preTokenCount += other.preTokenCount
    singleByteTokenCount += other.singleByteTokenCount
    for id in frequencies.indices { frequencies[id] += other.frequencies[id] }
  }

  /// The number of tokens.
  public var tokenCount: Int { Int(clamping: frequencies.reduce(0, +)) }

  /// Bytes of text for each token.
  public var bytesPerToken: Double { Double(byteCount) / Double(tokenCount) }

  /// Characters for each token.
  public var charactersPerToken: Double { Double(characterCount) / Double(tokenCount) }

  /// Tokens for each word. Where each word is a token it is 1.
  ///
  /// Ács, "Exploring BERT's Vocabulary", 2019; Rust, Pfeiffer and others, "How Good is Your
  /// Tokenizer?", 2021, arXiv:2012.15613.
  public var fertility: Double { Double(tokenCount) / Double(wordCount) }

  /// The share of words that lie within one token: one less what Rust and others call the proportion
  /// of continued words.
  public var wholeWordShare: Double { Double(wholeWordCount) / Double(wordCount) }

  /// Pre-tokens for each word.
  public var preTokensPerWord: Double { Double(preTokenCount) / Double(wordCount) }

  /// The share of tokens that stand for one byte.
  public var singleByteTokenShare: Double { Double(singleByteTokenCount) / Double(tokenCount) }

  /// The number of tokens that do not occur, added ones included.
  public var unusedTokenCount: Int { vocabularySize - frequencies.count { $0 > 0 } }

  /// The share of tokens that do not occur.
  public var unusedTokenShare: Double { Double(unusedTokenCount) / Double(vocabularySize) }

  /// How evenly tokens are used.
  public var distribution: TokenDistribution {
    TokenDistribution(frequencies: frequencies, vocabularySize: vocabularySize)
  }

  /// Tokens for each byte or document, which languages are compared by.
  public func cost(per unit: ParityUnit) -> Double {
    Double(tokenCount) / Double(unit == .bytes ? byteCount : documentCount)
  }
}
