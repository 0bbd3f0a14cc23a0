public import TesseraBasics
public import TesseraCorpora
public import TesseraTokenizers

/// New tokens for a base tokenizer, chosen by continued BPE training on a corpus.
///
/// The base encodes the corpus, and the most frequent pair of adjacent tokens becomes a token, again
/// and again. So every new token is reached by the base's own encoding, which it only makes coarser:
/// text in which no new merge fires keeps its IDs. Of several languages each gets its share of the tokens,
/// and text that is to be protected has no pair of which a token is made.
///
/// Purason, Chizhov, Yamshchikov and Fishel, "Teaching Old Tokenizers New Words: Efficient Tokenizer
/// Adaptation for Pre-trained Models", 2025, arXiv:2512.03989.
public struct TokenSelection: Sendable {
  /// A language with what its text needs.
  public struct Language: Hashable, Sendable {
    /// What it is called.
    public let name: String
    /// What was in its corpus.
    public let corpus: CorpusSummary?
    /// The number of bytes in the corpus that are split into pre-tokens: all but added tokens.
    public let byteCount: UInt64
    /// The number of tokens that the base makes of them.
    public let baseTokenCount: UInt64
    /// The number of tokens that the extended tokenizer makes of them.
    public let extendedTokenCount: UInt64
    /// The number of new tokens that were chosen for it.
    public let newTokenCount: Int

    /// Bytes of the corpus for each token of the base.
    public var baseBytesPerToken: Double { Double(byteCount) / Double(max(1, baseTokenCount)) }

    /// Bytes of the corpus for each token of the extended tokenizer.
    public var extendedBytesPerToken: Double {
      Double(byteCount) / Double(max(1, extendedTokenCount))
    }
  }

  /// The new tokens.
  public let tokens: NewTokens
  /// The base tokenizer with the new merges after its own.
  public let tokenizer: Tokenizer
  /// The pre-tokens of each language with their counts.
  public let counts: [PreTokenCounts]
  /// The languages, in the order in which they were given.
  public let languages: [Language]
  /// What ended the choice.
  public let stop: SelectionStop
  /// What other sizes would give.
  public let curve: CompressionCurve
  /// The pairs that were frequent enough and not allowed, in the order of the training.
  public let refused: [RefusedPair]
  /// The text whose IDs were found to be the same as before.
  public let protectedText: ProtectedText?

  /// Chooses tokens for a model.
  ///
  /// - Parameters:
  ///   - base: The tokenizer to extend.
  ///   - corpora: Text in the new languages, at least one.
  ///   - protected: Text whose IDs must not change.
  ///   - options: How many tokens, and which may be.
  ///   - ids: The IDs of the new tokens, such as ``BaseModel/newIDs(padding:reserved:)``.
  ///   - progress: Gets the bytes counted, the number of new tokens, then pre-tokens twice and more.
  /// - Throws: ``VocabularyError/nothingToAdd(minimumFrequency:)`` if no pair is frequent enough,
  ///   ``VocabularyError/newTokenCount(_:limit:)``.
  public init(
    base: Tokenizer, corpora: [SelectionCorpus], protected: Corpus? = nil,
    options: TokenSelectionOptions, ids: NewTokenIDs, progress: ProgressHandler? = nil
  ) throws(VocabularyError) {
    try options.check()
    try Self.check(base)
    // Before the corpora are read, which may take long.
    do { try options.training(ids: ids).check(base: base) } catch {
      throw .training(error)
    }
    var languages: [SelectionLanguage] = []
    for corpus in corpora {
      languages.append(
        SelectionLanguage(
          name: corpus.name, counts: try Self.count(corpus.corpus, for: base, progress),
          share: corpus.share))
    }
    var protectedText: ProtectedText?
    if let protected {
      protectedText = ProtectedText(try Self.count(protected, for: base, progress), base: base)
    }
    try self.init(
      base: base, languages: languages, protected: protectedText, options: options,
      ids: ids, progress: progress)
  }

  /// Chooses tokens for a model out of a corpus that was counted before.
  public init(
    base: Tokenizer, counts: PreTokenCounts, options: TokenSelectionOptions, ids: NewTokenIDs,
    progress: ProgressHandler? = nil
  ) throws(VocabularyError) {
    try self.init(
      base: base, languages: [SelectionLanguage(name: "corpus", counts: counts)],
      options: options, ids: ids, progress: progress)
  }

  /// Chooses tokens for a model out of corpora that were counted before.
  ///
  /// - Parameters:
  ///   - base: The tokenizer to extend.
  ///   - languages: The languages, at least one.
  ///   - protected: Text whose IDs must not change.
  ///   - options: How many tokens, and which may be.
  ///   - ids: The IDs of the new tokens, such as ``BaseModel/newIDs(padding:reserved:)``.
  ///   - progress: Gets the number of new tokens, then pre-tokens twice and more.
  public init(
    base: Tokenizer, languages: [SelectionLanguage], protected: ProtectedText? = nil,
    options: TokenSelectionOptions, ids: NewTokenIDs, progress: ProgressHandler? = nil
  ) throws(VocabularyError) {
    try options.check()
    try Self.check(base)
    var baseCounts: [UInt64] = []
    for language in languages {
      baseCounts.append(
        try Self.count(language, under: base, phase: "counting the base's tokens", progress))
    }
    let found = try Self.learn(
      base, languages, baseCounts, protected?.pairs, options, ids, progress)
    (curve, stop) = (found.curve, found.stop)
    let learned = found.learned
    let merges = learned.newMerges(base: base, count: curve.mergeCounts[found.size])
    // A curve that was followed further has met pairs that a training of this size does not come to.
    let mergeCount = found.stop == .noPairs ? Int.max : curve.mergeCounts[found.size]
    refused = learned.refused(beforeMerge: mergeCount)
    let tokens = NewTokens(merges: merges, ids: ids)
    self.tokens = tokens
    do {
      tokenizer = try base.removingAddedTokens(Set(tokens.reusedIDs)).extended(with: merges)
    } catch {
      throw .tokenizer(error)
    }
    var outcomes: [Language] = []
    for (index, language) in languages.enumerated() {
      let count = try Self.count(
        language, under: tokenizer, phase: "counting the extended tokens", progress)
      outcomes.append(
        Language(
          name: language.name, corpus: language.counts.source,
          byteCount: curve.languages[index].byteCount, baseTokenCount: baseCounts[index],
          extendedTokenCount: count,
          newTokenCount: zip(merges, learned.languages).count {
            tokens.index(of: $0.result) != nil && $1 == index
          }))
    }
    self.languages = outcomes
    counts = languages.map(\.counts)
    protectedText = protected
    try protected?.check(base: base, extended: tokenizer, progress: progress)
  }

  /// A guess at the size that a rule finds, which makes learning fast and does not change it.
  private static let likelySize = 1 << 14

  /// Learns merges until there are enough.
  private static func learn(
    _ base: Tokenizer, _ languages: [SelectionLanguage], _ baseCounts: [UInt64],
    _ protectedPairs: ProtectedPairs?, _ options: TokenSelectionOptions, _ ids: NewTokenIDs,
    _ progress: ProgressHandler?
  ) throws(VocabularyError) -> (
    learned: ContinuedBPE, curve: CompressionCurve, size: Int, stop: SelectionStop
  ) {
    var constraints = MergeConstraints()
    constraints.scripts = options.scripts
    constraints.protectedPairs = protectedPairs
    var training = options.training(ids: ids)
    let reach = options.newTokenCount.multipliedReportingOverflow(by: options.surveyFactor)
    let room = ids.listed.count + Int(TokenTable.maximumID) + 1 - Int(ids.next)
    if !reach.overflow, reach.partialValue <= room { training.newTokenCount = reach.partialValue }
    var limits = MergingLimits()
    var progress = progress
    if options.sizeRule != nil {
      limits.mergeCount = Self.likelySize
      // Nobody knows how many there will be.
      if let handler = progress {
        progress = { update in
          var update = update
          update.total = nil
          handler(update)
        }
      }
    }
    var curve = CompressionCurve(languages, baseTokenCounts: baseCounts)
    var search = options.sizeRule.map(SizeSearch.init)
    let learned: ContinuedBPE
    do {
      learned = try continueTraining(
        base: base,
        languages: languages.map { ContinuedLanguage(counts: $0.counts, share: $0.share) },
        options: training, constraints: constraints, limits: limits, progress: progress
      ) { step in
        let size = curve.size
        curve.append(
          saved: step.saved, size: step.newTokenCount, mergeCount: step.mergeCount)
        if curve.size > size { search?.add(curve) }
        guard let found = search?.found else { return true }
        return curve.size < found.size * options.surveyFactor
      } isTooRare: { count in
        search?.isTooRare(count, after: curve) ?? false
      } onlyRareAreLeft: {
        search?.end(curve)
        return curve.size > 0 && options.surveyFactor > 1
      }
    } catch {
      throw .training(error)
    }
    if let found = search?.found, found.size == 0, let rule = options.sizeRule {
      throw .tokensTooRare(
        minimum: rule.minimumSightings, budget: rule.budgetTokenCount ?? 0)
    }
    if learned.newTokens.isEmpty && options.newTokenCount > 0 {
      throw .nothingToAdd(minimumFrequency: options.minimumFrequency)
    }
    if let found = search?.found { return (learned, curve, found.size, found.stop) }
    let size = min(curve.size, options.newTokenCount)
    return (learned, curve, size, size == options.newTokenCount ? .requested : .noPairs)
  }

  private static func check(_ base: Tokenizer) throws(VocabularyError) {
    do { try base.checkExtensible() } catch { throw .tokenizer(error) }
  }

  private static func count(
    _ corpus: Corpus, for base: Tokenizer, _ progress: ProgressHandler?
  ) throws(VocabularyError) -> PreTokenCounts {
    do {
      return try countPreTokens(in: corpus, for: base, progress: progress)
    } catch let error as CorpusError {
      throw .corpus(error)
    } catch let error as TrainingError {
      throw .training(error)
    } catch let error as TokenizerError {
      throw .tokenizer(error)
    } catch {
      preconditionFailure("counting throws nothing else: \(error)")
    }
  }

  private static func count(
    _ language: SelectionLanguage, under tokenizer: Tokenizer, phase: String,
    _ progress: ProgressHandler?
  ) throws(VocabularyError) -> UInt64 {
    do {
      return try language.counts.tokenCount(under: tokenizer, phase: phase, progress: progress)
    } catch {
      throw .tokenizer(error)
    }
  }
}

extension TokenSelection {
  /// The number of bytes in all corpora that are split into pre-tokens: all but added tokens.
  public var byteCount: UInt64 { languages.reduce(0) { $0 + $1.byteCount } }

  /// The number of tokens that the base makes of them.
  public var baseTokenCount: UInt64 { languages.reduce(0) { $0 + $1.baseTokenCount } }

  /// The number of tokens that the extended tokenizer makes of them.
  public var extendedTokenCount: UInt64 { languages.reduce(0) { $0 + $1.extendedTokenCount } }

  /// Bytes of all corpora for each token of the base.
  public var baseBytesPerToken: Double { Double(byteCount) / Double(max(1, baseTokenCount)) }

  /// Bytes of all corpora for each token of the extended tokenizer.
  public var extendedBytesPerToken: Double {
    Double(byteCount) / Double(max(1, extendedTokenCount))
  }
}
