/// Pairs by count, largest first; of equal counts the smaller left ID first, then the smaller right.
///
/// A heap with four children a node. Counts in it may be out of date: they were right when the
/// pair was pushed, and a pair's count only falls, so the caller compares the first one with the
/// table and pushes it again if it has fallen.
struct PairQueue: Sendable {
  /// A pair with the count that it had when it was pushed.
  struct Element: Sendable {
    var count: UInt64
    var key: UInt64

    @inline(__always)
    func precedes(_ other: Element) -> Bool {
      count != other.count ? count > other.count : key < other.key
    }
  }

  private var heap: [Element] = []

  /// An empty queue.
  init() {}

  /// A queue of the given pairs, in time linear in their number.
  init(_ elements: [Element]) {
    heap = elements
    guard heap.count > 1 else { return }
    for node in stride(from: (heap.count - 2) / 4, through: 0, by: -1) { sink(node) }
  }

  /// The number of pairs, those that are out of date included.
  var count: Int { heap.count }

  /// The first pair.
  var first: Element? { heap.first }

  /// Adds a pair.
  mutating func push(_ element: Element) {
    heap.append(element)
    var node = heap.count - 1
    while node > 0 {
      let parent = (node - 1) / 4
      guard element.precedes(heap[parent]) else { break }
      heap[node] = heap[parent]
      node = parent
    }
    heap[node] = element
  }

  /// Removes the first pair.
  mutating func removeFirst() {
    let last = heap.removeLast()
    if heap.isEmpty { return }
    heap[0] = last
    sink(0)
  }

  /// Gives the first pair another count, which must not be higher.
  mutating func lowerFirst(to count: UInt64) {
    heap[0].count = count
    sink(0)
  }

  private mutating func sink(_ start: Int) {
    let element = heap[start]
    var node = start
    while true {
      let first = 4 * node + 1
      if first >= heap.count { break }
      var best = first
      for child in first + 1..<max(first + 1, min(first + 4, heap.count))
      where heap[child].precedes(heap[best]) {
        best = child
      }
      guard heap[best].precedes(element) else { break }
      heap[node] = heap[best]
      node = best
    }
    heap[node] = element
  }
}
