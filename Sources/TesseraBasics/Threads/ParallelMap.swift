/// The results of `body` for 0, 1, … `count` - 1, in this order, computed on all workers.
///
/// Every index is computed, even after one has thrown: the error that comes out is that of the
/// smallest index, for every number of threads.
///
/// - Parameters:
///   - count: How many results.
///   - body: Gets each index exactly once, several at the same time. An index should be worth 10
///     microseconds or more.
/// - Returns: The results in the order of their indices.
/// - Throws: The error of the smallest index that has one.
/// - Precondition: `count` is not negative.
public func parallelMap<T: Sendable, E: Error>(
  _ count: Int, _ body: @Sendable (Int) throws(E) -> T
) throws(E) -> [T] {
  precondition(count >= 0, "the count is not negative")
  var slots = [Result<T, E>?](repeating: nil, count: count)
  unsafe slots.withUnsafeMutableBufferPointer { buffer in
    // SAFETY: `parallelFor` gives each index to exactly one call of its body, so no two threads
    // write the same slot, and it returns after the last write, inside this closure.
    nonisolated(unsafe) let buffer = unsafe buffer
    parallelFor(0..<count) { chunk in
      for index in chunk {
        do throws(E) {
          let value = try body(index)
          unsafe buffer[index] = .success(value)
        } catch {
          unsafe buffer[index] = .failure(error)
        }
      }
    }
  }
  var results: [T] = []
  results.reserveCapacity(count)
  for slot in slots {
    if let slot { results.append(try slot.get()) }
  }
  return results
}
