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
public func countPreTokens(in documents: [[UInt8]], for tokenizer: Tokenizer) -> PreTokenCounts {
  let splitting = TextSplitting(tokenizer)
  let lanes = (0..<Workers.threadCount).map { _ in CountingLane() }
  let taken = Atomic(0)
  _ = parallelMap(lanes.count) { lanes[$0].count(documents, taken, splitting) }
  return PreTokenCounts(sum(lanes))
}

/// Counts the distinct pre-tokens of a corpus, in bounded memory if that is asked for.
///
/// - Parameters:
///   - corpus: The documents. A pre-token never spans two of them.
///   - options: What is done to text, and how it is split.
///   - memory: The budget; nil: as much as the distinct pre-tokens take.
///   - state: Where counts are kept as they are made; the counting goes on from what is there, which
///     must be of the same corpus and options.
///   - progress: Called now and then, in bytes of files.
/// - Throws: `CorpusError`, ``CountFileError`` where a file cannot be written,
///   ``TrainingError/memoryTooSmall(size:minimum:)``, ``TrainingError/corpusChanged``,
///   ``TrainingError/interrupted``.
public func countPreTokens(
  in corpus: Corpus, _ options: CountingOptions, memory: MemoryBudget? = nil,
  state: TrainingState? = nil, progress: ProgressHandler? = nil
) throws -> CountedPreTokens {
  try countPreTokens(
    in: corpus, TextSplitting(options), options,
    CountingLimits(memory: memory, threadCount: Workers.threadCount), state: state,
    progress: progress)
}

/// Counts the distinct pre-tokens of a corpus as a tokenizer splits it, in bounded memory if that is
/// asked for.
///
/// - Throws: As `countPreTokens(in:_:memory:state:progress:)` does.
public func countPreTokens(
  in corpus: Corpus, for tokenizer: Tokenizer, memory: MemoryBudget?,
  progress: ProgressHandler? = nil
) throws -> CountedPreTokens {
  let options = CountingOptions(
    pattern: tokenizer.pattern, normalization: tokenizer.normalization,
    specialTokens: tokenizer.addedTokens.map(\.content))
  return try countPreTokens(
    in: corpus, TextSplitting(tokenizer), options,
    CountingLimits(memory: memory, threadCount: Workers.threadCount), state: nil,
    progress: progress)
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

/// How much of a corpus is in memory at a time.
package struct CountingLimits: Sendable {
  /// The size that chunks of large documents are near, in bytes.
  package var chunkSize = DocumentChunks.chunkSize
  /// The budget, if there is one.
  package var memory: MemoryBudget?
  /// How large the tables may get before they are written to a file, in bytes.
  package var tableSize = Int.max
  /// After how long what was counted is written to a file; nil: no matter how long it takes.
  var interval: Duration?

  /// No limits.
  package init() {}

  /// The limits under a budget.
  init(memory: MemoryBudget?, threadCount: Int) {
    guard let memory else { return }
    self.memory = memory
    chunkSize = memory.chunkSize(threadCount: threadCount)
    tableSize = memory.tableSize
  }
}

private func countPreTokens(
  in corpus: Corpus, _ splitting: TextSplitting, chunkSize: Int, progress: ProgressHandler?
) throws -> PreTokenCounts {
  var limits = CountingLimits()
  limits.chunkSize = chunkSize
  var result: (table: PreTokenTable, summary: CorpusSummary) = try countTable(
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
  if let state, Path.exists(state.countsPath) {
    return try CountedPreTokens(files: [state.countsPath], options: options)
  }
  let record = state.flatMap { CountingRecord($0) }
  var limits = given
  if let record { limits.chunkSize = record.chunkSize }
  if let state { limits.interval = .seconds(state.interval) }
  var spilled = state.map { SpilledCounts(in: $0, record, options) }
  var result: (table: PreTokenTable, summary: CorpusSummary) = try countTable(
    in: corpus, splitting, limits, from: record?.position,
    spilling: { table, position in
      guard let folder = state?.folder ?? limits.memory?.folder else { return }
      let counts = if let spilled { spilled } else { try SpilledCounts(in: folder, options) }
      spilled = counts
      try counts.append(&table)
      if let state {
        let names = counts.paths.map(Path.lastComponent)
        try CountingRecord(position, chunkSize: limits.chunkSize, names: names).write(to: state)
        counts.removeObsolete()
      }
    }, progress: progress)
  var table = exchange(&result.table, with: PreTokenTable(shards: []))
  let corpora = [result.summary]
  let counted: CountedPreTokens
  if let spilled, !spilled.paths.isEmpty {
    try spilled.append(&table)
    counted = CountedPreTokens(spilled, options, corpora)
  } else {
    counted = CountedPreTokens(exchange(&table, with: PreTokenTable(shards: [])), options, corpora)
  }
  if let state {
    try counted.write(to: state.countsPath, overwrite: true)
    // From here on the counts stand for all that came before.
    removeTree(state.countingPath)
    spilled?.removeAll()
  }
  return counted
}

/// Counts batch after batch; one thread reads the next batch before it counts.
///
/// - Parameters:
///   - start: Where counting goes on; nil: at the beginning.
///   - spill: Takes a table that has grown to its limit, or has not been taken for a while, with the
///     position up to which it counts; what it leaves is dropped.
/// - Returns: What was counted since the last table was taken.
private func countTable(
  in corpus: Corpus, _ splitting: TextSplitting, _ limits: CountingLimits,
  from start: CountingPosition?,
  spilling spill: (inout PreTokenTable, CountingPosition) throws -> Void,
  progress: ProgressHandler?
) throws -> (PreTokenTable, CorpusSummary) {
  let lanes = (0..<Workers.threadCount).map { _ in CountingLane() }
  var chunks = DocumentChunks(
    corpus, splitting, chunkSize: limits.chunkSize, memory: limits.memory)
  if let start { try chunks.skip(to: start) }
  let reader = BatchReader(chunks, batchSize: 2 * limits.chunkSize * lanes.count)
  var lastSpill = ContinuousClock.now
  reader.read()
  while true {
    let (batch, position) = try reader.take()
    if batch.isEmpty { break }
    if Interruption.isRequested { throw TrainingError.interrupted }
    let taken = Atomic(0)
    _ = parallelMap(lanes.count) { index in
      if index == 0 { reader.read() }
      lanes[index].count(batch, taken, splitting)
    }
    let isDue = limits.interval.map { ContinuousClock.now - lastSpill > $0 } ?? false
    if isDue || lanes.reduce(0, { $0 + $1.table.memorySize }) > limits.tableSize {
      var table = sum(lanes)
      try spill(&table, position)
      for lane in lanes { lane.table = PreTokenTable() }
      returnFreeMemory()
      lastSpill = .now
    }
    progress?(
      ProgressUpdate(
        phase: "counting", completed: reader.bytesRead, total: corpus.byteCount, unit: "B"))
  }
  return (sum(lanes), reader.summary())
}

/// Reads batches of chunks on whichever thread calls, one at a time.
final class BatchReader: @unchecked Sendable {
  // SAFETY of `@unchecked`: of the calls in a fork only the one with index 0 uses the reader, and
  // between forks only the thread that forks; a fork returns after all of its calls.
  private var chunks: DocumentChunks
  private let batchSize: Int
  private typealias Batch = (chunks: [[UInt8]], end: CountingPosition)
  private var batch: Result<Batch, any Error>

  init(_ chunks: consuming DocumentChunks, batchSize: Int) {
    batch = .success(([], chunks.position))
    self.chunks = chunks
    self.batchSize = batchSize
  }

  var bytesRead: Int { chunks.bytesRead }

  /// Reads a batch, empty at the end of the corpus.
  func read() {
    batch = Result {
      var batch: [[UInt8]] = []
      var size = 0
      while size < batchSize, let chunk = try chunks.next() {
        // Some bytes for the array itself, so that empty documents count as well.
        size += chunk.count + 64
        batch.append(chunk)
      }
      return (batch, chunks.position)
    }
  }

  /// Gives away what was read last, with the position after it.
  func take() throws -> (chunks: [[UInt8]], end: CountingPosition) {
    let end = try batch.get().end
    return try exchange(&batch, with: .success(([], end))).get()
  }

  func summary() -> CorpusSummary { chunks.summary() }
}

/// The counts of one of the threads.
private final class CountingLane: @unchecked Sendable {
  // SAFETY of `@unchecked`: as for `BatchReader`, each lane has its own index.
  fileprivate var table = PreTokenTable()

  /// Counts chunks until all have been taken.
  func count(_ batch: [[UInt8]], _ taken: borrowing Atomic<Int>, _ splitting: TextSplitting) {
    // In a local variable while it changes: a property would be checked for exclusive access at
    // each pre-token.
    var table = exchange(&table, with: PreTokenTable(shards: []))
    while true {
      let index = taken.wrappingAdd(1, ordering: .relaxed).oldValue
      if index >= batch.count { break }
      let chunk = batch[index]
      splitting.count(chunk.span, into: &table)
    }
    self.table = table
  }
}

/// Adds up the tables of all lanes, shard by shard, in the memory of the first; they are empty then.
private func sum(_ lanes: [CountingLane]) -> PreTokenTable {
  var columns = (0..<PreTokenTable.shardCount).map { index in
    lanes.map { exchange(&$0.table.shards[index], with: PreTokenTable.Shard()) }
  }
  parallelUpdate(&columns) { _, column in
    while column.count > 1, let last = column.popLast() { column[0].add(last) }
  }
  return PreTokenTable(shards: columns.map { $0[0] })
}
