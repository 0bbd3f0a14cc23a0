import Synchronization
import TesseraBasics
import TesseraCorpora

/// What was counted of a corpus.
struct CountedTable {
  /// What was counted since the last table was taken.
  var table: PreTokenTable
  /// The corpus.
  var summary: CorpusSummary
  /// Its end.
  var end: CountingPosition
}

/// Counts batch after batch; one thread reads the next batch before it counts.
///
/// - Parameters:
///   - start: Where counting goes on; nil: at the beginning.
///   - spill: Takes a table that has grown to its limit, or has not been taken for a while, with the
///     position up to which it counts; what it leaves is dropped.
func countTable(
  in corpus: Corpus, _ splitting: TextSplitting, _ limits: CountingLimits,
  from start: CountingPosition?,
  spilling spill: (inout PreTokenTable, CountingPosition) throws -> Void,
  progress: ProgressHandler?
) throws -> CountedTable {
  let lanes = (0..<Workers.threadCount).map { _ in CountingLane() }
  var chunks = DocumentChunks(
    corpus, splitting, chunkSize: limits.chunkSize, memory: limits.memory)
  func report(_ phase: String, _ bytesRead: Int) {
    progress?(
      ProgressUpdate(phase: phase, completed: bytesRead, total: corpus.byteCount, unit: "B"))
  }
  if let start { try chunks.skip(to: start) { report("passing over what was counted", $0) } }
  let reader = BatchReader(chunks, batchSize: 2 * limits.chunkSize * lanes.count)
  // Up to where all is counted, and up to where that has been taken.
  var (counted, taken) = (start, start)
  var lastSpill = ContinuousClock.now
  func takeTables(_ position: CountingPosition) throws {
    var table = sum(lanes)
    try spill(&table, position)
    for lane in lanes { lane.table = PreTokenTable() }
    returnFreeMemory()
    taken = position
    lastSpill = .now
  }
  reader.read()
  while true {
    // Before what was read is taken: the wish to stop also ends the waiting for text, with an error.
    if Interruption.isRequested {
      if limits.spillsIfInterrupted, let counted, counted != taken { try takeTables(counted) }
      throw TrainingError.interrupted
    }
    let (batch, end) = try reader.take()
    if batch.isEmpty {
      return CountedTable(table: sum(lanes), summary: reader.summary(), end: end)
    }
    let next = Atomic(0)
    _ = parallelMap(lanes.count) { index in
      if index == 0 { reader.read() }
      lanes[index].count(batch, next, splitting)
    }
    if let failure = lanes.lazy.compactMap(\.failure).first { throw failure }
    counted = end
    let isDue = limits.interval.map { ContinuousClock.now - lastSpill > $0 } ?? false
    if isDue || lanes.reduce(0, { $0 + $1.table.memorySize }) > limits.tableSize {
      try takeTables(end)
    }
    report("counting", reader.bytesRead)
  }
}

/// Reads batches of chunks on whichever thread calls, one at a time.
final class BatchReader: @unchecked Sendable {
  // SAFETY of `@unchecked`: of the calls in a fork only the one with index 0 uses the reader, and
  // between forks only the thread that forks; a fork returns after all of its calls.
  private var chunks: DocumentChunks
  private let batchSize: Int
  private typealias Batch = (chunks: [DocumentChunk], end: CountingPosition)
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
      var batch: [DocumentChunk] = []
      var size = 0
      while size < batchSize, let chunk = try chunks.next() {
        // Some bytes for the array itself, so that empty documents count as well.
        size += chunk.bytes.count + 64
        batch.append(chunk)
      }
      return (batch, chunks.position)
    }
  }

  /// Gives away what was read last, with the position after it.
  func take() throws -> (chunks: [DocumentChunk], end: CountingPosition) {
    let end = try batch.get().end
    return try exchange(&batch, with: .success(([], end))).get()
  }

  func summary() -> CorpusSummary { chunks.summary() }
}

/// The counts of one of the threads.
final class CountingLane: @unchecked Sendable {
  // SAFETY of `@unchecked`: as for `BatchReader`, each lane has its own index.
  var table = PreTokenTable()
  /// What is counted and not yet in the table.
  private let recent = RecentPreTokens()
  /// What went wrong first: a text that a tokenizer's steps make grow too long.
  private(set) var failure: TokenizerError?

  /// Counts chunks until all have been taken.
  func count(_ batch: [DocumentChunk], _ taken: borrowing Atomic<Int>, _ splitting: TextSplitting) {
    // In a local variable while it changes: a property would be checked for exclusive access at
    // each pre-token.
    var table = exchange(&table, with: PreTokenTable(shards: []))
    while true {
      let index = taken.wrappingAdd(1, ordering: .relaxed).oldValue
      if index >= batch.count { break }
      let chunk = batch[index].bytes
      do throws(TokenizerError) {
        try splitting.count(chunk.span, into: &table, beside: recent)
      } catch {
        failure = failure ?? error
      }
    }
    self.table = table
  }

  /// Brings all that was counted to the table.
  func settle() { recent.settle(in: &table) }
}

/// Adds up the tables of all lanes, shard by shard, in the memory of the first; they are empty then.
func sum(_ lanes: [CountingLane]) -> PreTokenTable {
  _ = parallelMap(lanes.count) { lanes[$0].settle() }
  var columns = (0..<PreTokenTable.shardCount).map { index in
    lanes.map { exchange(&$0.table.shards[index], with: PreTokenTable.Shard()) }
  }
  parallelUpdate(&columns) { _, column in
    while column.count > 1, let last = column.popLast() { column[0].add(last) }
  }
  return PreTokenTable(shards: columns.map { $0[0] })
}
