public import TesseraBasics

/// Byte-pair training, exact: the merges of the definition, and of the slow reference.
///
/// The most frequent pair of neighbouring tokens becomes a token, again and again. Pairs are
/// counted inside pre-tokens, in 64 bits, and overlapping occurrences all count, as in Hugging
/// Face's trainer. The merges do not depend on the number of threads.
///
/// Gage, "A New Algorithm for Data Compression", 1994; Sennrich, Haddow and Birch, "Neural Machine
/// Translation of Rare Words with Subword Units", 2016, arXiv:1508.07909.
public enum BPETrainer {
  /// Trains on counted pre-tokens.
  ///
  ///     let counts = PreTokenCounts([(Array("low".utf8), 5), (Array("lower".utf8), 2)])
  ///     let trained = try BPETrainer.train(on: counts, BPETrainerOptions(vocabularySize: 258))
  ///     // merges "l" + "o" and "lo" + "w", each with a count of 7
  ///
  /// - Throws: ``TrainingError``, where the options contradict each other or the corpus has no text.
  public static func train(
    on counts: PreTokenCounts, _ options: BPETrainerOptions, progress: ProgressHandler? = nil
  ) throws(TrainingError) -> TrainedBPE {
    try train(on: counts, options, MergingLimits(), progress: progress)
  }

  /// Trains on the counted pre-tokens of a corpus, in bounded memory if that is asked for.
  ///
  /// - Parameters:
  ///   - counted: The pre-tokens; they are given up on the way, so they serve for one training,
  ///     unless they are read from files anew. Their options are those of the training.
  ///   - options: What is trained.
  ///   - memory: The budget; nil: as much as makes training fast.
  ///   - first: A training whose merges come first, on whatever was counted then; it has the same
  ///     special tokens and the same order of ties.
  ///   - state: Where merges are kept as they are made; the training goes on from those that are
  ///     there, which must be of the same counts and options.
  ///   - progress: Called now and then, in merges.
  /// - Throws: ``TrainingError``.
  public static func train(
    on counted: CountedPreTokens, _ options: BPETrainerOptions, memory: MemoryBudget? = nil,
    after first: TrainedBPE? = nil, state: TrainingState? = nil, progress: ProgressHandler? = nil
  ) throws(TrainingError) -> TrainedBPE {
    var limits = MergingLimits()
    limits.memory = memory
    var state = state
    state?.origin = options.origin(of: counted)
    return try train(on: counted, options, limits, after: first, state: state, progress: progress)
  }

  /// Trains with given limits, which the merges do not depend on.
  package static func train(
    on source: some PreTokenSource, _ options: BPETrainerOptions, _ given: MergingLimits,
    after first: TrainedBPE? = nil, state: TrainingState? = nil, progress: ProgressHandler? = nil
  ) throws(TrainingError) -> TrainedBPE {
    try options.check()
    return 256 + options.mergeCount <= SymbolArena<UInt16>.idLimit
      ? try train(UInt16.self, on: source, options, given, after: first, state, progress)
      : try train(UInt32.self, on: source, options, given, after: first, state, progress)
  }

  /// Trains with slots of a given width.
  private static func train<Slot: ArenaSlot>(
    _ slot: Slot.Type, on source: some PreTokenSource, _ options: BPETrainerOptions,
    _ given: MergingLimits, after first: TrainedBPE?, _ state: TrainingState?,
    _ progress: ProgressHandler?
  ) throws(TrainingError) -> TrainedBPE {
    var vocabulary = GrowingVocabulary(options, after: first)
    var log: MergeLog?
    if let state {
      do throws(CountFileError) { log = try MergeLog(state, &vocabulary) } catch {
        throw TrainingError(error)
      }
    }
    var limits = given
    limits.apply(options)
    let arena: SymbolArena<Slot> = try arena(of: source, vocabulary, &limits)
    // The engine changes the arena in place: nobody else may hold it.
    var engine = MergeEngine(
      arena: consume arena, byteLengths: vocabulary.byteLengths, limits: limits,
      done: vocabulary.merges.count)
    var scanCount = 0
    while !vocabulary.isComplete, let candidate = engine.next() {
      guard vocabulary.append(candidate) else {
        engine.reject(candidate)
        continue
      }
      engine.merge(candidate)
      log?.append(left: candidate.left, right: candidate.right, count: candidate.count)
      // Where memory is short, most of the time goes by between scans and not between merges.
      if vocabulary.merges.count % 256 == 0 || engine.scanCount > scanCount {
        scanCount = engine.scanCount
        try Self.flush(&log)
        progress?(vocabulary.progress)
      }
      if Interruption.isRequested {
        try Self.flush(&log)
        throw .interrupted
      }
    }
    try Self.flush(&log)
    return TrainedBPE(options: options, merges: vocabulary.merges)
  }

  private static func flush(_ log: inout MergeLog?) throws(TrainingError) {
    do throws(CountFileError) { try log?.flush() } catch { throw TrainingError(error) }
  }

  /// The pre-tokens with the merges that are made already.
  private static func arena<Slot: ArenaSlot>(
    of source: some PreTokenSource, _ vocabulary: GrowingVocabulary, _ limits: inout MergingLimits
  ) throws(TrainingError) -> SymbolArena<Slot> {
    let alphabet = vocabulary.options.tie.alphabet
    if vocabulary.merges.isEmpty {
      return try makeArena(of: source, &limits) { source, plan throws(CountFileError) in
        try SymbolArena(source, plan, alphabet: alphabet)
      }
    }
    let trained = TrainedBPE(options: vocabulary.options, merges: vocabulary.merges)
    guard let compiled = try? trained.makeTokenizer().compiled else { throw .unusableMerges }
    return try makeArena(of: source, &limits) { source, plan throws(CountFileError) in
      try SymbolArena(
        source, plan, encodedWith: compiled, firstSymbol: trained.firstByteID)
    }
  }
}

extension BPETrainerOptions {
  /// What decides about merges and their order: what was counted, and the options but the size.
  fileprivate func origin(of counted: CountedPreTokens) -> [UInt8] {
    let header = CountFileHeader(options: counting, corpora: counted.corpora).json
    let choice: JSONValue = [
      "counts": header, "tie": JSONValue(tie.rawValue),
      "min_frequency": JSONValue(minimumFrequency),
      "max_token_length": JSONValue(maximumTokenLength ?? 0),
    ]
    return choice.serialized(pretty: false)
  }
}

extension BPETrainerOptions {
  /// Refuses options that contradict each other.
  ///
  /// Training does so as well; this is for before a corpus is counted.
  ///
  /// - Throws: ``TrainingError``.
  public func check() throws(TrainingError) {
    let minimum = 256 + specialTokens.count
    guard vocabularySize >= minimum else {
      throw .vocabularyTooSmall(size: vocabularySize, minimum: minimum)
    }
    let maximum = Int(TokenTable.maximumID) + 1
    guard vocabularySize <= maximum else {
      throw .vocabularyTooLarge(size: vocabularySize, maximum: maximum)
    }
    if let maximumTokenLength, maximumTokenLength < 2 {
      throw .maximumTokenLengthTooSmall(maximumTokenLength)
    }
    try counting.check()
  }
}

extension CountingOptions {
  /// Refuses special tokens that cannot be such.
  ///
  /// - Throws: ``TrainingError/invalidSpecialToken(_:)``,
  ///   ``TrainingError/specialTokenIsByte(_:byte:)``.
  public func check() throws(TrainingError) {
    for (index, token) in specialTokens.enumerated() {
      let bytes = Array(token.utf8)
      if bytes.isEmpty || specialTokens[..<index].contains(where: { Array($0.utf8) == bytes }) {
        throw .invalidSpecialToken(token)
      }
      if let spelled = ByteAlphabet.bytes(spelledBy: token), spelled.count == 1 {
        throw .specialTokenIsByte(token, byte: spelled[0])
      }
    }
  }
}
