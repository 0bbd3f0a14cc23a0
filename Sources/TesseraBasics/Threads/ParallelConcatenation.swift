import Synchronization

/// What `body` appends for 0, 1, … `count` - 1, one after another, computed on all workers.
///
/// What is appended for an index waits in a buffer until all before it are there, is copied to its
/// place, and the buffer is used again. So unless one index takes much longer than others, little memory
/// is touched besides that of the result; new memory takes time to get.
///
/// - Parameters:
///   - count: How many indices.
///   - capacity: About how many elements there are in all. Memory that is not used costs nothing;
///     where there are more elements, those behind are copied once again.
///   - body: Appends to an empty array. It gets each index exactly once, several at the same time. An
///     index should be worth 10 microseconds or more.
/// - Returns: The elements in the order of their indices.
/// - Complexity: O(*n*) time and memory for *n* elements in all, besides those of `body`.
public func parallelConcatenation<T: BitwiseCopyable & Sendable>(
  _ count: Int, capacity: Int,
  body: @Sendable (_ index: Int, _ elements: inout [T]) -> Void
) -> [T] {
  let state = ConcatenationState<T>(capacity: capacity)
  var result = unsafe [T](unsafeUninitializedCapacity: capacity) { buffer, placedCount in
    // SAFETY: arrays are copied to where no other one goes, below `capacity`, and `parallelFor` returns
    // after the last of them, inside this closure.
    nonisolated(unsafe) let result = unsafe buffer
    parallelFor(0..<count) { chunk in
      for index in chunk {
        var elements = state.takeSpare()
        body(index, &elements)
        // The last one first, so that each is the only one that has its memory when it goes back.
        var placed = state.place(index, consume elements)
        while let (start, elements) = placed.popLast() {
          unsafe copy(elements, to: result, at: start)
          state.giveBack(consume elements)
        }
      }
    }
    placedCount = state.placedCount
  }
  for elements in state.unplaced { result += elements }
  return result
}

@unsafe
private func copy<T: BitwiseCopyable>(
  _ elements: [T], to result: UnsafeMutableBufferPointer<T>, at start: Int
) {
  // SAFETY: the caller sees to it that there is room, and nobody else writes there.
  unsafe elements.withUnsafeBufferPointer {
    guard let source = $0.baseAddress, let base = result.baseAddress else { return }
    let place = unsafe base + start
    unsafe provideMemory(place, to: place + $0.count)
    unsafe place.initialize(from: source, count: $0.count)
  }
}

/// Which arrays have their place in the result, which ones wait for it, and which are used again.
private final class ConcatenationState<T: BitwiseCopyable & Sendable>: Sendable {
  private struct State {
    /// The first index that has no place yet, and where it begins.
    var next = 0
    var start = 0
    var waiting: [Int: [T]] = [:]
    var spare: [[T]] = []
  }

  private let capacity: Int
  private let state = Mutex(State())

  init(capacity: Int) { self.capacity = capacity }

  /// An empty array, with memory if there is one to be used again.
  func takeSpare() -> [T] {
    var elements = state.withLock { $0.spare.popLast() } ?? []
    elements.removeAll(keepingCapacity: true)
    return elements
  }

  func giveBack(_ elements: consuming [T]) {
    let elements = consume elements
    state.withLock { $0.spare.append(elements) }
  }

  /// Takes the elements of an index, and gives those whose places are known now.
  func place(_ index: Int, _ elements: consuming [T]) -> [(start: Int, elements: [T])] {
    let elements = consume elements
    return state.withLock { state in
      state.waiting[index] = elements
      var placed: [(Int, [T])] = []
      while let count = state.waiting[state.next]?.count, state.start + count <= capacity {
        if let elements = state.waiting.removeValue(forKey: state.next) {
          placed.append((state.start, elements))
        }
        state.start += count
        state.next += 1
      }
      return placed
    }
  }

  /// How many elements have their places.
  var placedCount: Int { state.withLock { $0.start } }

  /// The arrays that no place was left for, in their order.
  var unplaced: [[T]] {
    state.withLock { state in state.waiting.sorted { $0.key < $1.key }.map(\.value) }
  }
}
