/// The elements of several arrays one after another, copied on all workers.
///
/// To copy much is to touch memory that is new to the process, of which each worker does its share.
///
/// - Complexity: O(*n*) time and memory for *n* elements in all.
public func parallelJoin<T: BitwiseCopyable & Sendable>(_ parts: [[T]]) -> [T] {
  if parts.count == 1 { return parts[0] }
  var starts: [Int] = []
  var total = 0
  for part in parts {
    starts.append(total)
    total += part.count
  }
  // Less is copied before workers are woken.
  if total * MemoryLayout<T>.stride < 1 << 18 { return Array(parts.joined()) }
  return unsafe [T](unsafeUninitializedCapacity: total) { buffer, count in
    // SAFETY: each part is copied to where no other one goes, within `total`, and all are before
    // `parallelFor` returns.
    nonisolated(unsafe) let buffer = unsafe buffer
    let starts = starts
    parallelFor(0..<parts.count) { chunk in
      for index in chunk {
        unsafe parts[index].withUnsafeBufferPointer {
          guard let source = $0.baseAddress else { return }
          unsafe (buffer.baseAddress! + starts[index]).initialize(from: source, count: $0.count)
        }
      }
    }
    count = total
  }
}
