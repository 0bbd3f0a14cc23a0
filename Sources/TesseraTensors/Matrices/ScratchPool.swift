import Synchronization

/// Scratch memory for the workers of a fork: as many pieces as there are calls at one time.
///
/// Which piece a call gets depends on timing, so nothing may be left in it for another call.
package final class ScratchPool: Sendable {
  private let free = Mutex<[FloatMemory]>([])

  /// A pool without memory yet.
  package init() {}

  /// Calls the body with memory for at least the given number of floats.
  package func withMemory<Result>(capacity: Int, _ body: (FloatMemory) -> Result) -> Result {
    let memory = free.withLock { $0.popLast() } ?? FloatMemory()
    memory.reset(minimumCapacity: capacity)
    defer { free.withLock { $0.append(memory) } }
    return body(memory)
  }
}
