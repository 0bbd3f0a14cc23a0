/// Leaves of a vocabulary, the one that goes first at the front: a binary heap.
struct LeafQueue {
  /// A token, and what its place in the queue was decided by.
  struct Leaf: Hashable {
    /// The smaller, the earlier.
    var key: UInt64
    var id: TokenID

    /// Of leaves with equal keys, the one with the greatest ID goes first: it was learned last.
    func precedes(_ other: Leaf) -> Bool {
      key == other.key ? id > other.id : key < other.key
    }
  }

  private var heap: [Leaf] = []

  mutating func push(_ leaf: Leaf) {
    heap.append(leaf)
    var index = heap.count - 1
    while index > 0, leaf.precedes(heap[(index - 1) / 2]) {
      heap[index] = heap[(index - 1) / 2]
      index = (index - 1) / 2
    }
    heap[index] = leaf
  }

  mutating func pop() -> Leaf? {
    guard let first = heap.first, let last = heap.popLast() else { return nil }
    if heap.isEmpty { return first }
    var index = 0
    while true {
      var child = 2 * index + 1
      if child >= heap.count { break }
      if child + 1 < heap.count, heap[child + 1].precedes(heap[child]) { child += 1 }
      if !heap[child].precedes(last) { break }
      heap[index] = heap[child]
      index = child
    }
    heap[index] = last
    return first
  }
}
