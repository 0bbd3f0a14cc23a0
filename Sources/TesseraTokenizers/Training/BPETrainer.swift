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
  ///   - counted: The pre-tokens; those that are in memory are given up on the way, so they serve
  ///     for one training. Their options are those of the training.
  ///   - options: What is trained.
  ///   - memory: The budget; nil: as much as makes training fast.
  ///   - progress: Called now and then, in merges.
  /// - Throws: ``TrainingError``.
  public static func train(
    on counted: CountedPreTokens, _ options: BPETrainerOptions, memory: MemoryBudget? = nil,
    progress: ProgressHandler? = nil
  ) throws(TrainingError) -> TrainedBPE {
    var limits = MergingLimits()
    limits.memory = memory
    return try train(on: counted, options, limits, progress: progress)
  }

  /// Trains with given limits, which the merges do not depend on.
  package static func train(
    on source: some PreTokenSource, _ options: BPETrainerOptions, _ given: MergingLimits,
    progress: ProgressHandler? = nil
  ) throws(TrainingError) -> TrainedBPE {
    try options.check()
    let alphabet = options.tie.alphabet
    var limits = given
    limits.minimumCount = UInt64(max(1, options.minimumFrequency))
    limits.maximumLength = min(options.maximumTokenLength ?? .max, TokenTable.maximumTokenSize)
    limits.mergeCount = options.mergeCount
    let arena = try arena(of: source, alphabet, &limits)
    // The engine changes the arena in place: nobody else may hold it.
    var engine = MergeEngine(
      arena: consume arena, byteLengths: [UInt32](repeating: 1, count: 256), limits: limits)

    let offset = options.tie == .hf ? TokenID(options.specialTokens.count) : 0
    var tokens = alphabet.map { [$0] }
    let reserved = reservedBytes(options.specialTokens)
    var merges: [LearnedMerge] = []
    merges.reserveCapacity(options.mergeCount)
    while merges.count < options.mergeCount, let candidate = engine.next() {
      let bytes = tokens[Int(candidate.left)] + tokens[Int(candidate.right)]
      if reserved.contains(bytes) {
        engine.reject(candidate)
        continue
      }
      let id = engine.merge(candidate)
      tokens.append(bytes)
      merges.append(
        LearnedMerge(
          left: candidate.left + offset, right: candidate.right + offset, result: id + offset,
          count: candidate.count))
      if merges.count % 256 == 0 {
        progress?(
          ProgressUpdate(
            phase: "merging", completed: merges.count, total: options.mergeCount, unit: "merges"))
        if Interruption.isRequested { throw .interrupted }
      }
    }
    return TrainedBPE(options: options, merges: merges)
  }

  /// The pre-tokens as symbols; the limits become those under which all fits into memory.
  private static func arena(
    of source: some PreTokenSource, _ alphabet: [UInt8], _ limits: inout MergingLimits
  ) throws(TrainingError) -> SymbolArena {
    do {
      let plan = try ArenaPlan(source)
      guard plan.totals.distinctCount > 0 else { throw TrainingError.emptyCorpus }
      guard plan.slotCount < SymbolArena.slotLimit else {
        throw TrainingError.tooManySymbols(
          count: plan.totals.textSize,
          maximum: SymbolArena.slotLimit - plan.totals.distinctCount - 2)
      }
      // What does not fit is known before memory is taken.
      if let memory = limits.memory {
        _ = try memory.mergingSize(arenaSize: plan.arenaSize, longestList: 0)
        try source.makeRoom(for: plan.arenaSize, in: memory)
      }
      let arena = try SymbolArena(source, plan, alphabet: alphabet)
      source.release(plan.totals)
      if limits.memory != nil { returnFreeMemory() }
      limits = try limits.bounded(by: arena)
      return arena
    } catch let error as CountFileError {
      throw .counts(error)
    } catch let error as TrainingError {
      throw error
    } catch {
      preconditionFailure("counting and training throw their own errors")
    }
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
