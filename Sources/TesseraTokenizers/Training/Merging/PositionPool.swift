/// The memory of all position lists.
///
/// A list is made once, at its final size, and given up once, when its pair is merged or too rare
/// to follow; so the pool only counts what is given up, and its owner packs the lists together
/// when half of the pool is dead.
struct PositionPool: Sendable {
  /// The lists, one after another, with gaps where lists were given up.
  var positions: [UInt32] = []
  /// The number of positions in lists that are in use.
  private(set) var liveCount = 0

  /// Makes room for so many positions at once.
  ///
  /// What is not used yet takes no memory, and a pool that does not grow never needs the memory of
  /// two.
  mutating func reserve(_ count: Int) {
    if count > positions.capacity { positions.reserveCapacity(count) }
  }

  /// The most positions: where a list starts is a number of 32 bits.
  static let largestCapacity = Int(UInt32.max)

  /// Below this size a pool is not worth packing.
  private static let packingFloor = 1 << 16

  /// Whether packing would give back at least half of the memory.
  var isMostlyDead: Bool {
    positions.count > Self.packingFloor && liveCount < positions.count / 2
  }

  /// Makes room for a list.
  ///
  /// - Returns: Where it starts.
  /// - Precondition: The pool stays within ``largestCapacity``. A scan sees to it because there are
  ///   fewer pairs than slots, a merge because it asks first.
  mutating func allocate(_ count: Int) -> UInt32 {
    let start = positions.count
    if start + count > positions.capacity {
      // Growth by a half: doubling would cost more memory than the lists are worth.
      positions.reserveCapacity(max(start + count, start + start / 2))
    }
    positions.append(contentsOf: repeatElement(0, count: count))
    liveCount += count
    return UInt32(start)
  }

  /// Gives up a list.
  mutating func release(_ count: Int) { liveCount -= count }

  /// Moves the lists together, within the memory of the pool.
  ///
  /// - Parameter lists: The start and the length of every list in use, in ascending order of
  ///   starts; they are updated.
  mutating func pack(_ lists: inout [(start: UInt32, count: UInt32)]) {
    var end = 0
    for index in lists.indices {
      let start = Int(lists[index].start)
      lists[index].start = UInt32(end)
      // Lists only move down, so none is overwritten before it has moved.
      for offset in 0..<Int(lists[index].count) {
        positions[end + offset] = positions[start + offset]
      }
      end += Int(lists[index].count)
    }
    positions.removeSubrange(end...)
    liveCount = end
  }

  /// Gives up all lists, and keeps the memory.
  mutating func removeAll() {
    positions.removeAll(keepingCapacity: true)
    liveCount = 0
  }
}
