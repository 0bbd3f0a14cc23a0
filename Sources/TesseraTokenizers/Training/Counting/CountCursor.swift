import TesseraBasics

/// Counted pre-tokens one after the other, in ascending order of their bytes.
protocol CountCursor: AnyObject {
  /// The pre-token that the cursor stands at.
  var bytes: [UInt8] { get }
  /// Its count.
  var count: UInt64 { get }

  /// Goes to the next pre-token, to the first one at first.
  ///
  /// - Returns: Whether there is one.
  func advance() throws(CountFileError) -> Bool
}

/// Adds up sorted counts: a k-way merge.
///
/// - Complexity: O(*n* log *k*) time for *n* entries of *k* cursors, O(*k*) memory.
struct CountMerger: ~Copyable {
  /// The most files that are added up at once: each takes a place in the system's table of open files,
  /// and a few hundred kilobytes.
  static let width = 64

  /// A cursor, and the first eight bytes where it stands, which decide most comparisons.
  private struct Head {
    var prefix: UInt64
    var cursor: any CountCursor

    init(_ cursor: any CountCursor) {
      self.cursor = cursor
      prefix = bigEndianPrefix(cursor.bytes)
    }

    func precedes(_ other: Head) -> Bool {
      if prefix != other.prefix { return prefix < other.prefix }
      return cursor.bytes.lexicographicallyPrecedes(other.cursor.bytes)
    }
  }

  /// A binary heap, the smallest pre-token first.
  private var heap: [Head] = []

  /// Goes to the first pre-token of each cursor.
  init(_ cursors: [any CountCursor]) throws(CountFileError) {
    for cursor in cursors where try cursor.advance() { heap.append(Head(cursor)) }
    for node in (0..<heap.count / 2).reversed() { sink(node) }
  }

  /// Calls the body with each pre-token and the sum of its counts, ascending by bytes.
  ///
  /// - Throws: ``CountFileError``, after a signal ``CountFileError/interrupted`` unless that must not
  ///   stop it.
  mutating func forEach(
    stopsIfInterrupted: Bool = true, _ body: ([UInt8], UInt64) throws(CountFileError) -> Void
  ) throws(CountFileError) {
    while let first = heap.first {
      if stopsIfInterrupted, Interruption.isRequested { throw .interrupted }
      let bytes = first.cursor.bytes
      var sum = first.cursor.count
      try advanceFirst()
      while let next = heap.first, next.cursor.bytes == bytes {
        let (total, overflow) = sum.addingReportingOverflow(next.cursor.count)
        if overflow { throw .tooManyOccurrences(paths: []) }
        sum = total
        try advanceFirst()
      }
      try body(bytes, sum)
    }
  }

  private mutating func advanceFirst() throws(CountFileError) {
    let cursor = heap[0].cursor
    if try cursor.advance() {
      heap[0] = Head(cursor)
    } else {
      let last = heap.removeLast()
      if heap.isEmpty { return }
      heap[0] = last
    }
    sink(0)
  }

  private mutating func sink(_ start: Int) {
    let head = heap[start]
    var node = start
    while true {
      var child = 2 * node + 1
      if child >= heap.count { break }
      if child + 1 < heap.count, heap[child + 1].precedes(heap[child]) { child += 1 }
      guard heap[child].precedes(head) else { break }
      heap[node] = heap[child]
      node = child
    }
    heap[node] = head
  }
}

/// The first eight bytes as a number that compares as bytes do; zeros where there are fewer.
private func bigEndianPrefix(_ bytes: [UInt8]) -> UInt64 {
  var prefix: UInt64 = 0
  for index in 0..<min(8, bytes.count) { prefix |= UInt64(bytes[index]) << UInt64(56 - 8 * index) }
  return prefix
}
