/// A set of code points, as the places where it begins and ends.
struct CodePointSet: Sendable {
  /// In increasing order: the first code point of a range, the first one after it, and so on.
  private let boundaries: [UInt32]
  /// The members below 128.
  private let ascii: (low: UInt64, high: UInt64)

  /// - Parameter boundaries: Where ranges begin and end, in turns, in increasing order.
  init(boundaries: [UInt32]) {
    self.boundaries = boundaries
    var ascii: (low: UInt64, high: UInt64) = (0, 0)
    for code in UInt32(0)..<128 where boundaries.partitioningIndex(of: code) % 2 == 1 {
      if code < 64 { ascii.low |= 1 << code } else { ascii.high |= 1 << (code - 64) }
    }
    self.ascii = ascii
  }

  /// Whether a code point is in the set.
  ///
  /// - Complexity: O(1) for ASCII, else O(log *n*) in the number of ranges.
  func contains(_ code: UInt32) -> Bool {
    if code < 64 { return ascii.low >> code & 1 == 1 }
    if code < 128 { return ascii.high >> (code - 64) & 1 == 1 }
    return boundaries.partitioningIndex(of: code) % 2 == 1
  }
}

extension [UInt32] {
  /// How many elements of a sorted array are not above a value.
  func partitioningIndex(of value: UInt32) -> Int {
    var lower = 0
    var upper = count
    while lower < upper {
      let middle = (lower + upper) / 2
      if self[middle] <= value { lower = middle + 1 } else { upper = middle }
    }
    return lower
  }
}
