// The distinct pre-tokens as one array of slots, in which merges are written.
//
//   slot           content
//   separator      between pre-tokens, before the first, after the last
//   first of a token   its ID
//   last of a token    its ID with the end marker, if the token has two slots or more
//   between            tombstone
//
// A symbol of the input takes one slot, and a token that a merge makes takes the slots of its two
// parts. So the token after the one at `i` starts at `i + widths[id]`, the one before ends at
// `i - 1`, and neither direction needs a link: a merge is four stores, in a short pre-token and in
// one of 100 MB alike.

import TesseraBasics

/// What a slot is: 16 bits where all IDs fit, which takes half of the memory, else 32.
typealias ArenaSlot = FixedWidthInteger & UnsignedInteger & Sendable

/// What all arenas have in common.
enum ArenaLayout {
  /// Positions are 32 bits wide.
  static let slotLimit = 0xFFFF_FFFE
  /// How far a position is shifted to give its block.
  static let blockShift: UInt32 = 8

  /// The number of ranges that a pass over so many slots is split into.
  static func rangeCount(slotCount: Int, grain: Int) -> Int {
    max(1, min(Workers.threadCount, slotCount / grain))
  }
}

/// Distinct pre-tokens as slots that hold token IDs, most frequent pre-token first.
struct SymbolArena<Slot: ArenaSlot>: Sendable {
  /// What stands between two pre-tokens.
  @inline(__always)
  static var separator: Slot { Slot.max >> 1 }
  /// What stands in a slot inside a token.
  @inline(__always)
  static var tombstone: Slot { Slot.max }
  /// The bit that marks the last slot of a token of several slots.
  @inline(__always)
  static var endMarker: Slot { ~(Slot.max >> 1) }
  /// IDs at and above this limit would look like a separator.
  static var idLimit: Int { Int(separator) }

  /// The slots.
  var slots: [Slot] = [separator]
  /// The first position of each run of pre-tokens with equal counts.
  private(set) var runStarts: [UInt32] = []
  /// The count that the pre-tokens of a run share.
  private(set) var runCounts: [UInt64] = []
  /// For each block of 256 slots, the run that its first slot belongs to.
  private(set) var blockRuns: [UInt32] = []

  /// Makes all slots, separators for now, and the runs of a plan.
  mutating func startRuns(_ plan: ArenaPlan) -> ArenaPlaces {
    slots = [Slot](repeating: Self.separator, count: plan.slotCount)
    let runs = plan.runs
    runStarts.reserveCapacity(runs.count)
    runCounts.reserveCapacity(runs.count)
    var start = 1
    for run in runs {
      runStarts.append(UInt32(start))
      runCounts.append(run.count)
      start += run.slots
    }
    return ArenaPlaces(runs)
  }

  /// Closes the gaps that runs with less symbols than bytes have left.
  mutating func moveRunsTogether(_ places: ArenaPlaces) {
    var end = 1
    var kept = 0
    for run in runStarts.indices {
      let range = Int(runStarts[run])..<places.end(runCounts[run])
      if range.isEmpty { continue }
      runStarts[kept] = UInt32(end)
      runCounts[kept] = runCounts[run]
      kept += 1
      // Slots only move down, so none is overwritten before it has moved.
      for slot in range {
        slots[end] = slots[slot]
        end += 1
      }
    }
    runStarts.removeSubrange(kept...)
    runCounts.removeSubrange(kept...)
    slots.removeSubrange(end...)
  }

  /// Builds the index from positions to counts, when all pre-tokens are in their slots.
  mutating func finish() {
    blockRuns.reserveCapacity((slots.count >> Int(ArenaLayout.blockShift)) + 1)
    var run = 0
    for start in stride(from: 0, to: slots.count, by: 1 << Int(ArenaLayout.blockShift)) {
      while run + 1 < runStarts.count && runStarts[run + 1] <= start { run += 1 }
      blockRuns.append(UInt32(run))
    }
  }

  /// The number of ranges that a pass over the slots is split into.
  ///
  /// - Parameter grain: How many slots a range has at least.
  func rangeCount(grain: Int) -> Int {
    ArenaLayout.rangeCount(slotCount: slots.count, grain: grain)
  }

  /// Cuts the slots into at most `count` ranges of whole pre-tokens, similar in size.
  ///
  /// Each range starts at the first slot of a pre-token; without pre-tokens there are no ranges.
  func ranges(_ count: Int) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    var start = 1
    for part in 1...max(1, count) {
      var end = part == count ? slots.count : slots.count / count * part
      if end <= start { continue }
      while end < slots.count && slots[end - 1] != Self.separator { end += 1 }
      ranges.append(start..<end)
      start = end
    }
    return ranges
  }
}

/// Looks up the counts of positions that come in ascending order.
///
/// Few pre-tokens share a count where counts are high, and nearly all do where they are low, so a
/// table of the places where the count changes is small, and no position stores its count.
struct RunCursor {
  /// The first position after the current run.
  private var end: UInt32 = 0
  private var run = 0
  private var count: UInt64 = 0

  /// The count of the pre-token around a position.
  ///
  /// - Precondition: No earlier call had a later position.
  @inline(__always)
  mutating func count(
    at position: UInt32, starts: Span<UInt32>, counts: Span<UInt64>, blocks: Span<UInt32>
  ) -> UInt64 {
    if position >= end {
      run = max(run, Int(blocks[Int(position >> ArenaLayout.blockShift)]))
      while run + 1 < starts.count && starts[run + 1] <= position { run += 1 }
      end = run + 1 < starts.count ? starts[run + 1] : .max
      count = counts[run]
    }
    return count
  }
}
