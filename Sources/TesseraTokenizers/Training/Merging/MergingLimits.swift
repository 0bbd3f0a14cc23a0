/// What a training may make, and what it may hold in memory; merges depend on the former alone.
package struct MergingLimits: Sendable {
  /// No pair below this count is a candidate.
  var minimumCount: UInt64 = 1
  /// No token longer than this is made, in bytes.
  var maximumLength = Int.max
  /// The number of merges that the caller wants, which guides the thresholds.
  package var mergeCount = 0

  /// How thresholds are chosen.
  package var schedule = ThresholdSchedule.adaptive
  /// How many slots a range of a scan has at least; a smaller arena is scanned on one thread.
  package var scanGrain = 1 << 18
  /// How many occurrences of a pair a thread replaces at least; less are replaced on one thread.
  package var mergeGrain = 1 << 12
  /// How many positions the lists hold after a scan, unless the first list alone has more. Lists of
  /// new pairs come on top, and all must fit in the pool. Nil: a quarter of the slots, or
  /// ``fewPositions`` if that is more.
  package var positionLimit: Int?
  /// The most positions that the pool may have.
  package var poolCapacity = PositionPool.largestCapacity
  /// How many pairs are followed after a scan; new ones come on top, up to as many.
  package var pairLimit = Int.max / 4
  /// How many pairs a thread counts at a time; if there are more, a scan goes over the arena again.
  package var countedPairLimit = Int.max
  /// The budget that the other limits are to be made of, if there is one.
  package var memory: MemoryBudget?

  /// What merging may take of it beside the arena, in bytes.
  private(set) var mergingSize: Int?

  /// No limits but those of the data structures.
  package init() {}
}

extension MergingLimits {
  /// The bytes that a merge collects for each occurrence, on its left and its right side, and some
  /// while that grows.
  private static let scratchSize = 24
  /// So many positions are listed in any case: 64 MiB of them.
  private static let fewPositions = 1 << 24
  /// The bytes for each followed pair: its places in the table, in the queue, and in what a scan
  /// sorts, each before and after it has grown.
  private static let pairSize = 256
  /// The bytes for each pair in a table that counts: 24 at a third of the load, as much again in the
  /// sum of the tables, and half of that while it grows.
  private static let countedPairSize = 180

  /// The limits within the budget, if there is one, for an arena of a plan.
  ///
  /// - Throws: ``TrainingError/memoryTooSmall(size:minimum:for:)``.
  func bounded<Slot: ArenaSlot>(
    by plan: ArenaPlan, _ slot: Slot.Type
  ) throws(TrainingError) -> MergingLimits {
    var limits = self
    guard let memory else {
      // Lists of all positions would take several times as much as the arena. Where that is much, more
      // scans of the arena are the better deal.
      limits.positionLimit = positionLimit ?? max(Self.fewPositions, plan.slotCount / 4)
      return limits
    }
    let longest = plan.longestList
    let size = try memory.mergingSize(arenaSize: plan.arenaSize(slot), longestList: longest)
    let rest = size - Self.scratchSize * longest
    limits.pairLimit = max(1, rest / 4 / Self.pairSize)
    // While pairs are counted, there are no lists.
    let rangeCount = ArenaLayout.rangeCount(slotCount: plan.slotCount, grain: scanGrain)
    limits.countedPairLimit = max(64, rest / 4 * 3 / Self.countedPairSize / rangeCount)
    limits.mergingSize = size
    limits.shareOut(longestList: longest)
    return limits
  }

  /// Gives the lists what merges do not need, within the budget, if there is one.
  ///
  /// - Parameter longestList: No pair that may be merged stands at more places.
  mutating func shareOut(longestList: Int) {
    guard let mergingSize else { return }
    let rest = mergingSize - Self.scratchSize * longestList
    poolCapacity = min(
      PositionPool.largestCapacity, rest / 2 / MemoryLayout<UInt32>.stride)
    positionLimit = poolCapacity / 2
  }
}
