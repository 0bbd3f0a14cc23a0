/// Splits a range into chunks, runs `body` once for each on all workers, returns after the last.
///
/// The boundaries depend on `range` and `grain` alone: every chunk has `grain` indices but the
/// last, which has the rest. So a result that is stored by index, or reduced chunk by chunk in
/// order, is the same for every number of threads. Which thread runs a chunk, and when, is open.
///
/// Choose `grain` so that a chunk takes 10 microseconds or more. A call inside `body` runs inline,
/// as does a call while another thread's is under way.
///
///     let squares = parallelMap(4) { $0 * $0 }   // [0, 1, 4, 9]
///
/// - Parameters:
///   - range: The indices; if there are none, `body` is not called.
///   - grain: How many indices a chunk has.
///   - body: Gets each chunk exactly once, several at the same time.
/// - Precondition: `grain` is positive.
public func parallelFor(
  _ range: Range<Int>, grain: Int = 1, _ body: @Sendable (Range<Int>) -> Void
) {
  precondition(grain > 0, "the grain is positive")
  if range.isEmpty { return }
  let chunkCount = WorkerPool.chunkCount(range, grain: grain)
  let threadCount = Workers.threadCount
  if chunkCount > 1, threadCount > 1 {
    let isDone = withoutActuallyEscaping(body) { body in
      WorkerPool.shared.run(range, grain: grain, threadCount: threadCount, body)
    }
    if isDone { return }
  }
  for index in 0..<chunkCount {
    body(WorkerPool.chunk(index, of: range, grain: grain))
  }
}
