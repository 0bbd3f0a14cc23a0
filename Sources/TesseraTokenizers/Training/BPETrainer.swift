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
  /// How many positions the lists hold after a scan: 8 GiB of them. Lists of new pairs come on top,
  /// and all must fit in the pool.
  static let positionLimit = 1 << 31

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
    try train(
      on: counts, options, schedule: nil, scanGrain: 1 << 18,
      poolCapacity: PositionPool.largestCapacity, progress: progress)
  }

  /// Trains with given thresholds, ranges and memory, which the merges do not depend on.
  package static func train(
    on counts: PreTokenCounts, _ options: BPETrainerOptions, schedule: ThresholdSchedule?,
    scanGrain: Int, poolCapacity: Int, progress: ProgressHandler? = nil
  ) throws(TrainingError) -> TrainedBPE {
    try options.check()
    guard counts.count > 0 else { throw .emptyCorpus }
    guard counts.textSize + counts.count < SymbolArena.slotLimit else {
      throw .tooManySymbols(count: counts.textSize, maximum: SymbolArena.slotLimit - counts.count)
    }
    let alphabet = options.tie.alphabet
    let limits = MergeEngine.Limits(
      minimumCount: UInt64(max(1, options.minimumFrequency)),
      maximumLength: min(options.maximumTokenLength ?? .max, TokenTable.maximumTokenSize),
      mergeCount: options.mergeCount,
      schedule: schedule ?? .adaptive(positionLimit: positionLimit),
      scanGrain: scanGrain, poolCapacity: poolCapacity)
    var engine = MergeEngine(
      arena: SymbolArena(counts, alphabet: alphabet),
      byteLengths: [UInt32](repeating: 1, count: 256), limits: limits)

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

extension SymbolArena {
  /// The pre-tokens as bytes, each byte numbered by its place in the alphabet.
  init(_ counts: PreTokenCounts, alphabet: [UInt8]) {
    var ids = [UInt32](repeating: 0, count: 256)
    for (id, byte) in alphabet.enumerated() { ids[Int(byte)] = UInt32(id) }
    slots.reserveCapacity(counts.textSize + counts.count + 1)
    for index in 0..<counts.count {
      let (bytes, count) = counts[index]
      append(bytes.lazy.map { ids[Int($0)] }, count: count)
    }
    finish()
  }
}
