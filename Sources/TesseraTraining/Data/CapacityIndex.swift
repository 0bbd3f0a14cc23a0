/// A set of numbers below a bound, for finding the smallest one from some number on.
///
/// Words of 64 bits, and above them words that say which of those are not empty, and so on.
///
/// - Complexity: O(log₆₄ bound) for each operation.
struct CapacityIndex {
  private var levels: [[UInt64]] = []

  /// The empty set of numbers below `bound`.
  init(bound: Int) {
    var count = max(1, bound)
    repeat {
      count = (count + 63) / 64
      levels.append([UInt64](repeating: 0, count: count))
    } while count > 1
  }

  mutating func insert(_ number: Int) {
    var number = number
    for level in levels.indices {
      levels[level][number >> 6] |= 1 << UInt64(number & 63)
      number >>= 6
    }
  }

  mutating func remove(_ number: Int) {
    var number = number
    for level in levels.indices {
      levels[level][number >> 6] &= ~(1 << UInt64(number & 63))
      if levels[level][number >> 6] != 0 { return }
      number >>= 6
    }
  }

  /// The smallest member that is at least `number`; nil if there is none.
  func smallest(from number: Int) -> Int? {
    var number = number
    for level in levels.indices {
      if number >> 6 >= levels[level].count { return nil }
      let rest = levels[level][number >> 6] >> UInt64(number & 63)
      if rest != 0 {
        number += rest.trailingZeroBitCount
        for below in levels[..<level].reversed() {
          number = number << 6 + below[number].trailingZeroBitCount
        }
        return number
      }
      number = number >> 6 + 1
    }
    return nil
  }
}
