import Synchronization

/// What `body` appends for 0, 1, … `count` - 1, one after another, computed on all workers.
///
/// What is appended for an index waits in a buffer until its place is known, is copied there, and the
/// buffer is used again: memory that is new to the process, which takes time to get, is touched for
/// the result only.
///
/// - Parameters:
///   - count: How many indices.
///   - estimate: About how many elements there are in all, if the first index has so many. Where
///     there are more, those behind are copied once again.
///   - body: Appends to an empty array. It gets each index exactly once, several at the same time. An
///     index should be worth 10 microseconds or more.
/// - Returns: The elements in the order of their indices.
/// - Complexity: O(*n*) time and memory for *n* elements in all, besides those of `body`.
public func parallelConcatenation<T: BitwiseCopyable & Sendable>(
  _ count: Int, estimate: (_ first: Int) -> Int,
  body: @Sendable (_ index: Int, _ elements: inout [T]) -> Void
) -> [T] {
  if count <= 0 { return [] }
  var first: [T] = []
  body(0, &first)
  if count == 1 { return first }
  let capacity = max(first.count, estimate(first.count))
  let state = ConcatenationState<T>(firstCount: first.count, capacity: capacity)
  var result = unsafe [T](unsafeUninitializedCapacity: capacity) { buffer, placedCount in
    // SAFETY: arrays are copied to where no other one goes, below `capacity`, and `parallelFor` returns
    // after the last of them, inside this closure.
    nonisolated(unsafe) let result = unsafe buffer
    unsafe copy(first, to: result, at: 0)
    parallelFor(1..<count) { chunk in
      for index in chunk {
        var elements = state.takeSpare()
        body(index, &elements)
        for (start, elements) in state.place(index, elements) {
          unsafe copy(elements, to: result, at: start)
          state.giveBack(elements)
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
    var next = 1
    var start: Int
    var waiting: [Int: [T]] = [:]
    var spare: [[T]] = []
  }

  private let capacity: Int
  private let state: Mutex<State>

  init(firstCount: Int, capacity: Int) {
    self.capacity = capacity
    state = Mutex(State(start: firstCount))
  }

  /// An empty array, with memory if there is one to be used again.
  func takeSpare() -> [T] {
    var elements = state.withLock { $0.spare.popLast() } ?? []
    elements.removeAll(keepingCapacity: true)
    return elements
  }

  func giveBack(_ elements: [T]) {
    state.withLock { $0.spare.append(elements) }
  }

  /// Takes the elements of an index, and gives those whose places are known now.
  func place(_ index: Int, _ elements: [T]) -> [(start: Int, elements: [T])] {
    state.withLock { state in
      state.waiting[index] = elements
      var placed: [(Int, [T])] = []
      while let elements = state.waiting[state.next], state.start + elements.count <= capacity {
        state.waiting[state.next] = nil
        placed.append((state.start, elements))
        state.start += elements.count
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
