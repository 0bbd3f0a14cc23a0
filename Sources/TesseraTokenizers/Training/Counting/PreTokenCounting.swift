import Synchronization
public import TesseraBasics
public import TesseraCorpora

/// Counts the distinct pre-tokens of a corpus, exactly.
///
/// The corpus is read once, in order, in bounded memory; threads count chunks of it. The result
/// does not depend on their number, nor on how documents are cut into chunks.
///
/// - Parameters:
///   - corpus: The documents. A pre-token never spans two of them.
///   - pattern: How text is split.
///   - normalization: What is done to text before it is split.
///   - specialTokens: Strings that are cut out of the text before all else.
///   - progress: Called now and then, in bytes of files.
/// - Throws: `CorpusError` where a file cannot be read, ``TrainingError/interrupted`` after a
///   signal.
/// - Complexity: O(size of the corpus) time, O(size of the distinct pre-tokens) memory.
public func countPreTokens(
  in corpus: Corpus, pattern: PreTokenizerPattern, normalization: Normalization = .none,
  specialTokens: [String] = [], progress: ProgressHandler? = nil
) throws -> PreTokenCounts {
  try countPreTokens(
    in: corpus,
    TextSplitting(pattern: pattern, normalization: normalization, specialTokens: specialTokens),
    chunkSize: DocumentChunks.chunkSize, progress: progress)
}

/// Counts the distinct pre-tokens of a corpus as a tokenizer splits it, added tokens cut out.
///
/// - Throws: As `countPreTokens(in:pattern:normalization:specialTokens:progress:)` does.
public func countPreTokens(
  in corpus: Corpus, for tokenizer: Tokenizer, progress: ProgressHandler? = nil
) throws -> PreTokenCounts {
  try countPreTokens(
    in: corpus, TextSplitting(tokenizer), chunkSize: DocumentChunks.chunkSize, progress: progress)
}

/// Counts the distinct pre-tokens of documents in memory as a tokenizer splits them, added tokens cut
/// out, on all threads.
///
/// - Throws: ``TokenizerError/textGrowsTooLong(size:limit:)`` where the tokenizer's steps make a text.
public func countPreTokens(
  in documents: [[UInt8]], for tokenizer: Tokenizer
) throws(TokenizerError) -> PreTokenCounts {
  let splitting = TextSplitting(tokenizer)
  let lanes = (0..<Workers.threadCount).map { _ in CountingLane() }
  let chunks = documents.map { DocumentChunk(bytes: $0) }
  let taken = Atomic(0)
  _ = parallelMap(lanes.count) { lanes[$0].count(chunks, taken, splitting) }
  if let failure = lanes.lazy.compactMap(\.failure).first { throw failure }
  return PreTokenCounts(sum(lanes))
}

/// Counts the distinct pre-tokens of a corpus, in bounded memory if that is asked for.
///
/// - Parameters:
///   - corpus: The documents. A pre-token never spans two of them.
///   - options: What is done to text, and how it is split.
///   - memory: The budget; nil: as much as the distinct pre-tokens take.
///   - precedesMerging: Whether a training under the same budget follows; counting ends then as soon as
///     it is known that its merging does not fit.
///   - state: Where counts are kept as they are made; the counting goes on from what is there, which
///     must be of the same corpus and options.
///   - progress: Called now and then, in bytes of files.
/// - Throws: `CorpusError`, ``CountFileError`` where a file cannot be written,
///   ``TrainingError/memoryTooSmall(size:minimum:for:)``, ``TrainingError/corpusChanged(path:)``,
///   ``TrainingError/interrupted``.
public func countPreTokens(
  in corpus: Corpus, _ options: CountingOptions, memory: MemoryBudget? = nil,
  precedesMerging: Bool = false, state: TrainingState? = nil, progress: ProgressHandler? = nil
) throws -> CountedPreTokens {
  let limits = CountingLimits(
    memory: memory, precedesMerging: precedesMerging, threadCount: Workers.threadCount)
  return try countPreTokens(
    in: corpus, TextSplitting(options), options, limits, state: state, progress: progress)
}

/// Counts the distinct pre-tokens of a corpus as a tokenizer splits it, in bounded memory if that is
/// asked for.
///
/// - Throws: As `countPreTokens(in:_:memory:precedesMerging:state:progress:)` does.
public func countPreTokens(
  in corpus: Corpus, for tokenizer: Tokenizer, memory: MemoryBudget?,
  precedesMerging: Bool = false, progress: ProgressHandler? = nil
) throws -> CountedPreTokens {
  let options = CountingOptions(
    pattern: tokenizer.pattern, normalization: tokenizer.normalization,
    specialTokens: tokenizer.addedTokens.map(\.content))
  let limits = CountingLimits(
    memory: memory, precedesMerging: precedesMerging, threadCount: Workers.threadCount)
  return try countPreTokens(
    in: corpus, TextSplitting(tokenizer), options, limits, state: nil, progress: progress)
}

/// Counts with chunks of a given size, which the result does not depend on.
package func countPreTokens(
  in corpus: Corpus, pattern: PreTokenizerPattern, normalization: Normalization,
  specialTokens: [String], chunkSize: Int
) throws -> PreTokenCounts {
  try countPreTokens(
    in: corpus,
    TextSplitting(pattern: pattern, normalization: normalization, specialTokens: specialTokens),
    chunkSize: chunkSize, progress: nil)
}

/// Counts with chunks of a given size, which the result does not depend on.
package func countPreTokens(
  in corpus: Corpus, for tokenizer: Tokenizer, chunkSize: Int
) throws -> PreTokenCounts {
  try countPreTokens(
    in: corpus, TextSplitting(tokenizer), chunkSize: chunkSize, progress: nil)
}

/// Counts with given limits, which the result does not depend on.
package func countPreTokens(
  in corpus: Corpus, _ options: CountingOptions, _ limits: CountingLimits,
  state: TrainingState? = nil, progress: ProgressHandler? = nil
) throws -> CountedPreTokens {
  try countPreTokens(
    in: corpus, TextSplitting(options), options, limits, state: state, progress: progress)
}

private func countPreTokens(
  in corpus: Corpus, _ splitting: TextSplitting, chunkSize: Int, progress: ProgressHandler?
) throws -> PreTokenCounts {
  var limits = CountingLimits()
  limits.chunkSize = chunkSize
  var result = try countTable(
    in: corpus, splitting, limits, from: nil, spilling: { _, _ in }, progress: progress)
  var counts = PreTokenCounts(exchange(&result.table, with: PreTokenTable(shards: [])))
  counts.source = result.summary
  return counts
}

private func countPreTokens(
  in corpus: Corpus, _ splitting: TextSplitting, _ options: CountingOptions,
  _ given: CountingLimits, state: TrainingState?, progress: ProgressHandler?
) throws -> CountedPreTokens {
  try given.memory?.check()
  if let state { return try countPreTokens(in: corpus, splitting, options, given, state, progress) }
  var spilled: SpilledCounts?
  var result = try countTable(
    in: corpus, splitting, given, from: nil,
    spilling: { table, _ in
      guard let folder = given.memory?.folder else { return }
      let counts = try spilled ?? SpilledCounts(in: folder, options)
      spilled = counts
      try counts.append(&table)
      try given.checkMerging(counts)
    }, progress: progress)
  var table = exchange(&result.table, with: PreTokenTable(shards: []))
  guard let spilled else {
    return CountedPreTokens(
      exchange(&table, with: PreTokenTable(shards: [])), options, [result.summary])
  }
  try spilled.append(&table)
  try given.checkMerging(spilled)
  return CountedPreTokens(spilled, options, [result.summary])
}

extension CountingLimits {
  /// Ends the counting where merging is to follow and is known not to fit.
  fileprivate func checkMerging(_ spilled: SpilledCounts) throws(TrainingError) {
    if precedesMerging, let memory { try spilled.checkMerging(in: memory) }
  }
}

/// Counts with a state, so that neither an interruption nor a killed run loses much.
private func countPreTokens(
  in corpus: Corpus, _ splitting: TextSplitting, _ options: CountingOptions,
  _ given: CountingLimits, _ state: TrainingState, _ progress: ProgressHandler?
) throws -> CountedPreTokens {
  if Path.exists(state.countsPath) {
    try state.check(corpusSize: corpus.byteCount)
    return try CountedPreTokens(
      files: [state.countsPath], options: options, folder: state.folder)
  }
  var limits = given
  limits.interval = .seconds(state.interval)
  limits.spillsIfInterrupted = true
  let record = CountingRecord(state)
  let spilled = try SpilledCounts(in: state, record, options)
  func spill(_ table: inout PreTokenTable, _ position: CountingPosition) throws {
    try spilled.append(&table)
    let names = spilled.files.map { Path.lastComponent(of: $0.path) }
    try CountingRecord(position, names: names).write(to: state)
    spilled.removeObsolete()
    try given.checkMerging(spilled)
  }
  var result = try countTable(
    in: corpus, splitting, limits, from: record?.position, spilling: spill, progress: progress)
  var table = exchange(&result.table, with: PreTokenTable(shards: []))
  let counted: CountedPreTokens
  if spilled.files.isEmpty {
    counted = CountedPreTokens(
      exchange(&table, with: PreTokenTable(shards: [])), options, [result.summary])
  } else {
    try spill(&table, result.end)
    counted = CountedPreTokens(spilled, options, [result.summary])
  }
  try state.write(corpusSize: corpus.byteCount)
  try counted.write(to: state.countsPath, overwrite: true, keepsTable: true)
  // From here on the counts stand for all that came before.
  removeTree(state.countingPath)
  spilled.removeAll()
  return counted
}
