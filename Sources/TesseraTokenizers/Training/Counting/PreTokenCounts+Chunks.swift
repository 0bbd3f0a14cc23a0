internal import Synchronization
package import TesseraBasics

extension PreTokenCounts {
  /// How many pre-tokens one thread takes at a time.
  private static let chunkSize = 1 << 14

  /// Runs something on all pre-tokens, in chunks on all threads.
  ///
  /// - Parameters:
  ///   - phase: What this is called in `progress`, which gets the pre-tokens.
  ///   - progress: Called from whatever thread is working.
  ///   - body: Gets the places of the pre-tokens of a chunk.
  /// - Returns: What `body` returns, in the order of the chunks.
  package func mapChunks<Result: Sendable>(
    phase: String = "", progress: ProgressHandler? = nil,
    _ body: @Sendable (Range<Int>) -> Result
  ) -> [Result] {
    let done = Atomic(0)
    let count = count
    return parallelMap((count + Self.chunkSize - 1) / Self.chunkSize) { chunk -> Result in
      let start = chunk * Self.chunkSize
      let range = start..<Swift.min(count, start + Self.chunkSize)
      let result = body(range)
      progress?(
        ProgressUpdate(
          phase: phase,
          completed: done.wrappingAdd(range.count, ordering: .relaxed).newValue, total: count,
          unit: "pre-tokens"))
      return result
    }
  }
}
