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

/// Counts batch after batch; one thread reads the next batch before it counts.
private func countPreTokens(
  in corpus: Corpus, _ splitting: TextSplitting, chunkSize: Int, progress: ProgressHandler?
) throws -> PreTokenCounts {
  let lanes = (0..<Workers.threadCount).map { _ in CountingLane() }
  let reader = BatchReader(
    DocumentChunks(corpus, splitting, chunkSize: chunkSize),
    batchSize: 2 * chunkSize * lanes.count)
  reader.read()
  while true {
    let batch = try reader.take()
    if batch.isEmpty { break }
    if Interruption.isRequested { throw TrainingError.interrupted }
    let taken = Atomic(0)
    _ = parallelMap(lanes.count) { index in
      if index == 0 { reader.read() }
      lanes[index].count(batch, taken, splitting)
    }
    progress?(
      ProgressUpdate(
        phase: "counting", completed: reader.bytesRead, total: corpus.byteCount, unit: "B"))
  }
  var counts = PreTokenCounts(sum(lanes))
  counts.source = reader.summary()
  return counts
}

/// Reads batches of chunks on whichever thread calls, one at a time.
private final class BatchReader: @unchecked Sendable {
  // SAFETY of `@unchecked`: of the calls in a fork only the one with index 0 uses the reader, and
  // between forks only the thread that forks; a fork returns after all of its calls.
  private var chunks: DocumentChunks
  private let batchSize: Int
  private var batch: Result<[[UInt8]], any Error> = .success([])

  init(_ chunks: consuming DocumentChunks, batchSize: Int) {
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
      return batch
    }
  }

  /// Gives away what was read last.
  func take() throws -> [[UInt8]] {
    try exchange(&batch, with: .success([])).get()
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

/// Adds up the tables of all lanes, shard by shard.
private func sum(_ lanes: [CountingLane]) -> PreTokenTable {
  if lanes.count == 1 { return exchange(&lanes[0].table, with: PreTokenTable(shards: [])) }
  let shards = parallelMap(PreTokenTable.shardCount) { index in
    var sum = lanes[0].table.shards[index]
    for lane in lanes.dropFirst() { sum.add(lane.table.shards[index]) }
    return sum
  }
  for lane in lanes { lane.table = PreTokenTable(shards: []) }
  return PreTokenTable(shards: shards)
}
