/// How much of a corpus is in memory at a time.
package struct CountingLimits: Sendable {
  /// The size that chunks of large documents are near, in bytes.
  package var chunkSize = DocumentChunks.chunkSize
  /// The budget, if there is one.
  package var memory: MemoryBudget?
  /// Whether merging follows under the budget, so that counting ends where that is known to fail.
  var precedesMerging = false
  /// How large the tables may get before they are written to a file, in bytes.
  package var tableSize = Int.max
  /// After how long what was counted is written to a file; nil: no matter how long it takes.
  var interval: Duration?

  /// Whether what was counted is written to a file when the process is asked to stop.
  var spillsIfInterrupted = false

  /// No limits.
  package init() {}

  /// The limits under a budget.
  init(memory: MemoryBudget?, precedesMerging: Bool, threadCount: Int) {
    guard let memory else { return }
    self.precedesMerging = precedesMerging
    self.memory = memory
    chunkSize = memory.chunkSize(threadCount: threadCount)
    tableSize = memory.tableSize
  }
}
