import TesseraBasics

/// A pair to merge next.
struct MergeCandidate: Hashable, Sendable {
  var left: UInt32
  var right: UInt32
  /// Occurrences, each weighted with the count of its pre-token.
  var count: UInt64
}

/// The trainer's state: the arena, the pairs that are frequent enough to follow, and their order.
///
/// The engine knows symbols, not bytes: `BPETrainer` and `continueTraining` decide what a merge is
/// called and whether it may be made. It is exact: each candidate is the most frequent pair of
/// neighbours in the arena, overlapping occurrences in runs counted as Hugging Face counts them
/// ("aaaa" has three), ties by the smaller left ID, then the smaller right ID.
struct MergeEngine<Slot: ArenaSlot>: ~Copyable {
  private(set) var limits: MergingLimits
  var arena: SymbolArena<Slot>
  /// For each token its slots in the arena.
  var widths: [UInt32]
  /// For each token its bytes.
  var byteLengths: [UInt32]

  var pairs = TrackedPairs()
  var queue = PairQueue()
  var pool = PositionPool()
  /// Pairs that come after this one in the order of the queue are not in the table; nil before the
  /// first scan.
  var floor: PairQueue.Element?
  /// The threshold of the last scan; nil before the first.
  var threshold: UInt64?
  /// Pairs that are never merged.
  private(set) var rejected: Set<UInt64> = []
  /// The number of merges so far.
  private(set) var mergeCount = 0
  /// How many times a scan goes over the arena, each time for other pairs.
  var partCount = 1
  /// The number of scans of the arena so far.
  var scanCount = 0
  /// What the merge that is being made adds up.
  var scratch = MergeTotals()
  /// The same of its parts, while it is made in parts.
  var parts: [MergePart] = []

  /// An engine at the state before the first merge.
  ///
  /// - Parameters:
  ///   - arena: The pre-tokens, after `finish()`, with one slot for each symbol.
  ///   - byteLengths: For each ID in the arena, and those between, its bytes.
  ///   - limits: What may be made, and held in memory.
  ///   - done: Merges that were made before, for the thresholds.
  init(
    arena: consuming SymbolArena<Slot>, byteLengths: [UInt32], limits: MergingLimits, done: Int = 0
  ) {
    self.arena = arena
    self.byteLengths = byteLengths
    self.widths = [UInt32](repeating: 1, count: byteLengths.count)
    self.limits = limits
    mergeCount = done
  }

  /// The most frequent pair, or nil if no pair is frequent enough.
  mutating func next() -> MergeCandidate? {
    while true {
      while let first = queue.first {
        guard let place = pairs.find(first.key) else {
          queue.removeFirst()
          continue
        }
        let count = pairs[place].count
        if count != first.count {
          queue.lowerFirst(to: count)
          continue
        }
        let key = PairKey(packed: first.key)
        return MergeCandidate(left: key.left, right: key.right, count: count)
      }
      if let floor, floor.count <= limits.minimumCount, floor.key == .max { return nil }
      scan()
    }
  }

  /// Merges a pair everywhere and gives the new token its ID.
  ///
  /// - Returns: How many occurrences were replaced, each weighted with the count of its pre-token.
  /// - Precondition: The candidate is what ``next()`` returned last, or the engine follows all pairs
  ///   (``followsAllPairs``): then a pair that is not in the table does not occur.
  @discardableResult
  mutating func merge(_ candidate: MergeCandidate) -> UInt64 {
    let id = UInt32(widths.count)
    precondition(Int(id) < SymbolArena<Slot>.idLimit, "too many tokens")
    widths.append(widths[Int(candidate.left)] + widths[Int(candidate.right)])
    byteLengths.append(byteLengths[Int(candidate.left)] + byteLengths[Int(candidate.right)])
    mergeCount += 1
    guard let place = pairs.find(PairKey(candidate.left, candidate.right).packed) else { return 0 }
    return apply(candidate, at: place, as: id)
  }

  /// How often a pair stands in the text; 0 for one that is not followed.
  func count(of candidate: MergeCandidate) -> UInt64 {
    let key = PairKey(candidate.left, candidate.right).packed
    return pairs.find(key).map { pairs[$0].count } ?? 0
  }

  /// Whether every pair that occurs is in the table.
  var followsAllPairs: Bool { floor.map { $0.count <= 1 && $0.key == .max } ?? false }

  /// Leaves a candidate unmerged for good.
  ///
  /// - Precondition: The candidate is what ``next()`` returned last.
  mutating func reject(_ candidate: MergeCandidate) {
    let key = PairKey(candidate.left, candidate.right).packed
    rejected.insert(key)
    queue.removeFirst()
    guard let place = pairs.find(key) else { return }
    drop(at: place)
  }

  /// Forgets a pair.
  mutating func drop(at place: Int) {
    pool.release(Int(pairs[place].listCount))
    pairs.remove(at: place)
  }

  /// Shares the memory out anew before lists are made.
  ///
  /// Merges need less and less for themselves, because lists get shorter: what is left is room for
  /// more lists, and so for more merges before the next scan.
  mutating func shareOutMemory(longestList: Int) {
    guard limits.memory != nil else { return }
    scratch = MergeTotals()
    parts = []
    limits.shareOut(longestList: longestList)
  }

  /// Forgets all pairs, so that the next candidate comes of a new scan.
  ///
  /// For when there is no room for new pairs: a scan lists only what is frequent enough, and lists
  /// what is missing.
  mutating func startOver() {
    queue = PairQueue()
    floor = nil
    threshold = nil
  }

  /// Whether a pair with this count belongs in the table.
  @inline(__always)
  func isFollowed(_ key: PairKey, count: UInt64) -> Bool {
    guard let floor else { return true }
    return !floor.precedes(PairQueue.Element(count: count, key: key.packed))
  }

  /// Leaves pairs out of the queue that are no longer in the table, if they are most of it.
  mutating func trimQueueIfMostlyDead() {
    guard queue.count > 2 * pairs.count + (1 << 12) else { return }
    queue = PairQueue()
    queue = PairQueue(
      pairs.entries.lazy.filter { $0.key != PairEntry.emptyKey }.map(PairQueue.Element.init))
  }

  /// Gives back the memory of dead lists if it is worth it.
  mutating func packListsIfMostlyDead() {
    guard pool.isMostlyDead else { return }
    var places = pairs.entries.indices.filter { pairs[$0].key != PairEntry.emptyKey }
    places.sort { pairs[$0].listStart < pairs[$1].listStart }
    var lists = places.map { (start: pairs[$0].listStart, count: pairs[$0].listCount) }
    pool.pack(&lists)
    for (place, list) in zip(places, lists) { pairs[place].listStart = list.start }
  }
}
