import Synchronization
public import TesseraBasics
public import TesseraCorpora

extension Tokenizer {
  /// Encodes a corpus and counts what it becomes, in bounded memory on all workers.
  ///
  /// Special tokens in the text are text like any other, and dropout is left out. The counts do not
  /// depend on the number of threads. Documents are cut where that changes no count, and memory does not
  /// grow with them.
  ///
  /// There is no such place for a pipeline that is more than a normalization form and a pattern, of which
  /// some step may look at all of a text, nor for a tokenizer without a pattern. Under a pattern there is
  /// none in a text in which no letter is followed by white space or a sign; and none but spaces where a
  /// space is put before texts, which another part would get as well. Such a document is in memory as a
  /// whole, and looked at by one thread.
  ///
  /// - Parameters:
  ///   - corpus: The documents.
  ///   - progress: Called now and then, in bytes of files.
  /// - Throws: `CorpusError` where a file cannot be read, ``TrainingError/interrupted`` after a signal,
  ///   ``TokenizerError/textGrowsTooLong(size:limit:)``.
  public func measurement(
    of corpus: Corpus, progress: ProgressHandler? = nil
  ) throws -> TokenizerMeasurement {
    try measurement(of: corpus, chunkSize: DocumentChunks.chunkSize, progress: progress)
  }

  /// Counts with chunks of a given size, which the result does not depend on.
  package func measurement(
    of corpus: Corpus, chunkSize: Int, progress: ProgressHandler? = nil
  ) throws -> TokenizerMeasurement {
    let tokenizer = model.options.dropout > 0 ? try withDropout(0) : self
    var splitting = TextSplitting(tokenizer)
    splitting.tellsWords = true
    let lanes = (0..<Workers.threadCount).map { _ in MeasuringLane(tokenizer) }
    let reader = BatchReader(
      DocumentChunks(corpus, splitting, chunkSize: chunkSize),
      batchSize: 2 * chunkSize * lanes.count)
    reader.read()
    while true {
      let (batch, _) = try reader.take()
      if batch.isEmpty { break }
      if Interruption.isRequested { throw TrainingError.interrupted }
      let taken = Atomic(0)
      _ = parallelMap(lanes.count) { index in
        if index == 0 { reader.read() }
        while true {
          let next = taken.wrappingAdd(1, ordering: .relaxed).oldValue
          if next >= batch.count { break }
          lanes[index].add(batch[next])
        }
      }
      if let failure = lanes.lazy.compactMap(\.failure).first { throw failure }
      progress?(
        ProgressUpdate(
          phase: "measuring", completed: reader.bytesRead, total: corpus.byteCount, unit: "B"))
    }
    // The last batch may have taken long.
    if Interruption.isRequested { throw TrainingError.interrupted }
    var result = TokenizerMeasurement(of: tokenizer)
    for lane in lanes { result.add(lane.counts) }
    result.documentCount = reader.summary().documentCount
    return result
  }
}
