internal import Synchronization
public import TesseraBasics
public import TesseraCorpora
public import TesseraTokenizers

/// How new tokens are chosen.
public struct TokenSelectionOptions: Hashable, Sendable {
  /// The most tokens that can be added at once.
  public static let newTokenLimit = 1 << 20

  /// How many tokens to add, up to ``newTokenLimit``.
  public var newTokenCount: Int
  /// How often a pair must stand in the corpus to become a token.
  ///
  /// A token that training sees only once cannot be learned.
  public var minimumFrequency = 2
  /// The longest new token in bytes, or nil for no limit.
  public var maximumTokenLength: Int?

  /// Options with their recommended values.
  public init(newTokenCount: Int) { self.newTokenCount = newTokenCount }

  fileprivate func check() throws(VocabularyError) {
    if !(0...Self.newTokenLimit).contains(newTokenCount) {
      throw .newTokenCount(newTokenCount, limit: Self.newTokenLimit)
    }
  }
}

/// New tokens for a base tokenizer, chosen by continued BPE training on a corpus.
///
/// The base encodes the corpus, and the most frequent pair of adjacent tokens becomes a token, again
/// and again. So every new token is reached by the base's own encoding, which it only makes coarser:
/// text in which no new merge fires keeps its IDs.
///
/// Purason, Chizhov, Yamshchikov and Fishel, "Teaching Old Tokenizers New Words: Efficient Tokenizer
/// Adaptation for Pre-trained Models", 2025, arXiv:2512.03989.
public struct TokenSelection: Sendable {
  /// The new tokens.
  public let tokens: NewTokens
  /// The base tokenizer with the new merges after its own.
  public let tokenizer: Tokenizer
  /// The pre-tokens of the corpus with their counts.
  public let counts: PreTokenCounts
  /// The number of bytes in the corpus that are split into pre-tokens: all but added tokens.
  public let byteCount: UInt64
  /// The number of tokens that the base makes of them.
  public let baseTokenCount: UInt64
  /// The number of tokens that the extended tokenizer makes of them.
  public let extendedTokenCount: UInt64

  /// Chooses tokens for a model.
  ///
  /// - Parameters:
  ///   - base: The tokenizer to extend.
  ///   - corpus: Text in the new language.
  ///   - options: How many tokens, and which may be.
  ///   - firstID: The ID of the first new token, above all IDs of the base.
  ///   - progress: Gets the bytes counted, the number of new tokens, then pre-tokens twice.
  /// - Throws: ``VocabularyError/nothingToAdd(minimumFrequency:)`` if no pair is frequent enough,
  ///   ``VocabularyError/newTokenCount(_:limit:)``.
  public init(
    base: Tokenizer, corpus: Corpus, options: TokenSelectionOptions, firstID: TokenID,
    progress: ProgressHandler? = nil
  ) throws(VocabularyError) {
    try options.check()
    try Self.check(base)
    let counts: PreTokenCounts
    do {
      // Before the corpus is read, which may take long.
      try options.training(firstID: firstID).check(base: base)
      counts = try countPreTokens(in: corpus, for: base, progress: progress)
    } catch let error as CorpusError {
      throw .corpus(error)
    } catch let error as TrainingError {
      throw .training(error)
    } catch let error as TokenizerError {
      throw .tokenizer(error)
    } catch {
      preconditionFailure("counting throws nothing else: \(error)")
    }
    try self.init(
      base: base, counts: counts, options: options, firstID: firstID, progress: progress)
  }

  /// Chooses tokens for a model out of a corpus that was counted before.
  public init(
    base: Tokenizer, counts: PreTokenCounts, options: TokenSelectionOptions, firstID: TokenID,
    progress: ProgressHandler? = nil
  ) throws(VocabularyError) {
    try options.check()
    try Self.check(base)
    let learned: ContinuedBPE
    do {
      learned = try continueTraining(
        base: base, counts: counts, options: options.training(firstID: firstID),
        progress: progress)
    } catch {
      throw .training(error)
    }
    if learned.newTokens.isEmpty && options.newTokenCount > 0 {
      throw .nothingToAdd(minimumFrequency: options.minimumFrequency)
    }
    let merges = learned.merges.map { merge in
      let bytes =
        merge.result >= firstID
        ? learned.newTokens[Int(merge.result - firstID)] : base.bytes(of: merge.result) ?? []
      return NewMerge(
        left: merge.left, right: merge.right, result: merge.result, bytes: bytes,
        count: merge.count)
    }
    tokens = NewTokens(merges: merges, firstID: firstID)
    do {
      tokenizer = try base.extended(with: merges)
      baseTokenCount = try counts.tokenCount(
        under: base, phase: "counting the base's tokens", progress: progress)
      extendedTokenCount = try counts.tokenCount(
        under: tokenizer, phase: "counting the extended tokens", progress: progress)
    } catch {
      throw .tokenizer(error)
    }
    self.counts = counts
    byteCount = (0..<counts.count).reduce(0) { sum, i in
      sum + UInt64(counts[i].bytes.count) * counts[i].count
    }
  }

  private static func check(_ base: Tokenizer) throws(VocabularyError) {
    do { try base.checkExtensible() } catch { throw .tokenizer(error) }
  }

  /// Bytes of the corpus for each token of the base.
  public var baseBytesPerToken: Double {
    Double(byteCount) / Double(max(1, baseTokenCount))
  }

  /// Bytes of the corpus for each token of the extended tokenizer.
  public var extendedBytesPerToken: Double {
    Double(byteCount) / Double(max(1, extendedTokenCount))
  }
}

extension TokenSelectionOptions {
  /// What continued training is to make.
  fileprivate func training(firstID: TokenID) -> ContinuedTrainingOptions {
    var training = ContinuedTrainingOptions(newTokenCount: newTokenCount)
    training.minimumFrequency = minimumFrequency
    training.maximumTokenLength = maximumTokenLength
    training.firstID = firstID
    return training
  }
}

extension Tokenizer {
  /// A tokenizer for which any text is one pre-token without added tokens: its merges alone.
  ///
  /// A pre-token that is a token as a whole still goes through the merges, unless ranks are all there
  /// is.
  package func merging() throws(TokenizerError) -> Tokenizer {
    var model = model
    if model.semantics == .mergesAfterWholePreTokens { model.semantics = .merges }
    return try Tokenizer(model: model, pattern: .none)
  }
}

extension PreTokenCounts {
  /// How many tokens all occurrences of all pre-tokens have together.
  ///
  /// - Parameters:
  ///   - tokenizer: What encodes them.
  ///   - phase: What counting is called in `progress`, which gets the pre-tokens.
  ///   - progress: Called from whatever thread is working.
  func tokenCount(
    under tokenizer: Tokenizer, phase: String = "counting tokens", progress: ProgressHandler? = nil
  ) throws(TokenizerError) -> UInt64 {
    // A pre-token that is a token as a whole counts as the tokenizer takes it.
    let whole = try Tokenizer(model: tokenizer.model, pattern: .none)
    let chunkSize = 1 << 14
    let done = Atomic(0)
    let sums = parallelMap((count + chunkSize - 1) / chunkSize) { chunk -> UInt64 in
      var encoder = whole.makeEncoder()
      var ids: [TokenID] = []
      var sum: UInt64 = 0
      for i in chunk * chunkSize..<Swift.min(count, (chunk + 1) * chunkSize) {
        let (bytes, count) = self[i]
        ids.removeAll(keepingCapacity: true)
        do {
          try encoder.encode(bytes.span, into: &ids)
        } catch {
          preconditionFailure("no steps, no error: \(error)")
        }
        sum += UInt64(ids.count) * count
      }
      let size = Swift.min(chunkSize, self.count - chunk * chunkSize)
      progress?(
        ProgressUpdate(
          phase: phase, completed: done.wrappingAdd(size, ordering: .relaxed).newValue,
          total: self.count, unit: "pre-tokens"))
      return sum
    }
    return sums.reduce(0, +)
  }
}
