/// The first pairs in the order of the queue, out of pairs that come in any order.
///
/// Kept are those at or above the threshold of the schedule, as many as there is room for.
struct PairSelection {
  /// The pairs so far, in no order; more than there is room for until ``finish()``.
  private(set) var pairs: [PairEntry] = []
  /// The highest count so far.
  private(set) var highest: UInt64 = 0
  /// The most places that any pair stands at.
  private(set) var longestList = 0
  /// No pair below this count is kept.
  private(set) var threshold: UInt64 = .max
  /// The last pair that there is room for, once there is not room for all.
  private var last: PairQueue.Element?

  private let limits: MergingLimits
  private let nextThreshold: (_ highest: UInt64) -> UInt64

  /// - Parameters:
  ///   - limits: How much room there is.
  ///   - nextThreshold: The threshold for a highest count; it grows with the count.
  init(_ limits: MergingLimits, nextThreshold: @escaping (UInt64) -> UInt64) {
    self.limits = limits
    self.nextThreshold = nextThreshold
  }

  /// Takes a pair into account.
  mutating func offer(_ pair: PairEntry) {
    longestList = max(longestList, Int(pair.listCount))
    if pair.count > highest {
      highest = pair.count
      threshold = max(limits.minimumCount, min(nextThreshold(highest), highest))
    }
    guard pair.count >= threshold else { return }
    if let last, last.precedes(PairQueue.Element(pair)) { return }
    pairs.append(pair)
    if pairs.count / 2 >= limits.pairLimit { cut(to: limits.pairLimit) }
  }

  /// Drops what there is no room for.
  ///
  /// - Parameter positionLimit: For how many positions there is room, unless the first pair alone has
  ///   more.
  /// - Returns: All pairs that do not come after this one in the order of the queue are kept.
  mutating func finish(positionLimit: Int) -> PairQueue.Element {
    if highest == 0 { threshold = limits.minimumCount }
    pairs.removeAll { $0.count < threshold }
    if pairs.count > limits.pairLimit { cut(to: limits.pairLimit) }
    if pairs.reduce(0, { $0 + Int($1.listCount) }) > positionLimit {
      cut(to: pairs.count)
      var positions = 0
      let end = pairs.firstIndex { pair in
        positions += Int(pair.listCount)
        return positions > positionLimit
      }
      cut(to: max(1, end ?? pairs.count))
    }
    let lastByCount = PairQueue.Element(count: threshold, key: .max)
    // There may have been room for pairs that then fell below a higher threshold.
    guard let last, last.precedes(lastByCount) else { return lastByCount }
    return last
  }

  /// Sorts the pairs and keeps the first ones.
  private mutating func cut(to count: Int) {
    pairs.sort { PairQueue.Element($0).precedes(PairQueue.Element($1)) }
    guard count < pairs.count else { return }
    pairs.removeSubrange(count...)
    last = pairs.last.map { PairQueue.Element($0) }
  }
}

extension PairQueue.Element {
  /// The pair of an entry, with the count that it has now.
  init(_ entry: PairEntry) { self.init(count: entry.count, key: entry.key) }
}
