// Filling an arena from pre-tokens that come in any order, twice.
//
// The first pass adds up, for each count, how many slots the pre-tokens with that count take, so that
// each count's run gets its place, the highest first. The second pass writes: a counting sort that
// needs no memory but the arena's own.

import TesseraBasics

/// The slots that pre-tokens of each count need, and how often a pair stands in them.
struct ArenaPlan {
  /// For each count below ``denseLimit`` the slots; most pre-tokens have such a count.
  private var dense = [Int](repeating: 0, count: ArenaPlan.denseLimit)
  private var sparse: [UInt64: Int] = [:]
  private(set) var totals = CountTotals()
  /// How often each two bytes are neighbors; empty if nobody asks for that.
  private var neighbors: [UInt32] = []

  /// Counts below this are looked up in an array.
  static let denseLimit = 4_096

  /// The plan for all that a source has, each byte a symbol.
  ///
  /// - Parameter boundsLists: Whether ``longestList`` is to be known.
  init(_ source: some PreTokenSource, boundsLists: Bool) throws(CountFileError) {
    if boundsLists { neighbors = [UInt32](repeating: 0, count: 1 << 16) }
    try source.forEach { bytes, count throws(CountFileError) in
      guard totals.add(size: bytes.count, count: count) else {
        throw .tooManyOccurrences(paths: [])
      }
      for index in 1..<max(1, bytes.count) where boundsLists {
        neighbors[Int(bytes[index - 1]) << 8 | Int(bytes[index])] &+= 1
      }
      if count < UInt64(Self.denseLimit) {
        dense[Int(count)] += bytes.count + 1
      } else {
        sparse[count, default: 0] += bytes.count + 1
      }
    }
  }

  /// The slots in all, with the separator before the first pre-token.
  var slotCount: Int { totals.textSize + totals.distinctCount + 1 }

  /// The runs in the order of the arena.
  var runs: [(count: UInt64, slots: Int)] {
    var runs = sparse.map { (count: $0.key, slots: $0.value) }
    runs.sort { $0.count > $1.count }
    for count in dense.indices.reversed() where dense[count] > 0 {
      runs.append((UInt64(count), dense[count]))
    }
    return runs
  }

  /// The most bytes that an arena takes.
  func arenaSize<Slot: ArenaSlot>(_ slot: Slot.Type) -> Int {
    let runCount = sparse.count + dense.count { $0 > 0 }
    return slotCount * MemoryLayout<Slot>.stride
      + ((slotCount >> Int(ArenaLayout.blockShift)) + 1 + runCount) * MemoryLayout<UInt32>.stride
      + runCount * MemoryLayout<UInt64>.stride
  }

  /// A bound for how often any pair of tokens stands in the arena, whatever tokens there are: the last
  /// byte of the left one and the first byte of the right one are neighbors.
  var longestList: Int { Int(neighbors.max() ?? 0) }
}

extension SymbolArena {
  /// The pre-tokens of a source, each byte a symbol, numbered by its place in the alphabet.
  ///
  /// - Precondition: The plan was made of the same source, and its slots are below ``ArenaLayout/slotLimit``.
  init(
    _ source: some PreTokenSource, _ plan: ArenaPlan, alphabet: [UInt8]
  ) throws(CountFileError) {
    var ids = [Slot](repeating: 0, count: 256)
    for (id, byte) in alphabet.enumerated() { ids[Int(byte)] = Slot(id) }
    self.init()
    var places = startRuns(plan)
    var slots = exchange(&self.slots, with: [])
    try source.forEach { bytes, count throws(CountFileError) in
      let place = places.take(bytes.count + 1, count)
      let ids = ids.span
      var target = slots.mutableSpan
      for index in bytes.indices { target[place + index] = ids[Int(bytes[index])] }
    }
    self.slots = slots
    finish()
  }
}

/// The pre-tokens of a source as symbols; the limits become those under which all fits into memory.
func makeArena<Source: PreTokenSource, Slot: ArenaSlot>(
  of source: Source, _ limits: inout MergingLimits,
  _ make: (Source, ArenaPlan) throws(CountFileError) -> SymbolArena<Slot>
) throws(TrainingError) -> SymbolArena<Slot> {
  let plan: ArenaPlan
  let arena: SymbolArena<Slot>
  do throws(CountFileError) {
    plan = try ArenaPlan(source, boundsLists: limits.memory != nil)
  } catch { throw TrainingError(error) }
  guard plan.totals.distinctCount > 0 else { throw .emptyCorpus }
  guard plan.slotCount < ArenaLayout.slotLimit else {
    throw .tooManySymbols(
      count: plan.totals.textSize, maximum: ArenaLayout.slotLimit - plan.totals.distinctCount - 2)
  }
  // What does not fit is known before memory is taken.
  limits = try limits.bounded(by: plan, Slot.self)
  do throws(CountFileError) {
    if let memory = limits.memory {
      try source.makeRoom(for: plan.arenaSize(Slot.self), in: memory)
      // What counting has used and freed.
      returnFreeMemory()
    }
    arena = try make(source, plan)
  } catch {
    throw TrainingError(error)
  }
  source.release(plan.totals)
  // What counting has used would stay with the process beside what merging takes.
  returnFreeMemory()
  return arena
}

/// Where the next pre-token of each count goes.
struct ArenaPlaces {
  private var dense: [Int]
  private var sparse: [UInt64: Int]

  /// The first places of runs of given sizes, one after the other from slot 1.
  init(_ runs: [(count: UInt64, slots: Int)]) {
    dense = [Int](repeating: 0, count: ArenaPlan.denseLimit)
    sparse = [:]
    var place = 1
    for (count, slots) in runs {
      if count < UInt64(dense.count) { dense[Int(count)] = place } else { sparse[count] = place }
      place += slots
    }
  }

  /// Where the pre-tokens with a count end that have been placed so far.
  func end(_ count: UInt64) -> Int {
    count < UInt64(dense.count) ? dense[Int(count)] : sparse[count] ?? 0
  }

  /// Takes slots for a pre-token.
  mutating func take(_ slotCount: Int, _ count: UInt64) -> Int {
    if count < UInt64(dense.count) {
      defer { dense[Int(count)] += slotCount }
      return dense[Int(count)]
    }
    guard let place = sparse[count] else { preconditionFailure("the plan has every count") }
    sparse[count] = place + slotCount
    return place
  }
}
