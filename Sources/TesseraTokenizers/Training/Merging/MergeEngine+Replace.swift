import TesseraBasics

// Writing a new token over the occurrences of its pair, which is where merging spends its time: each
// occurrence is somewhere else in memory. So what comes later is fetched ahead, and the occurrences of
// a frequent pair are shared out to threads, whole pre-tokens to each. What the parts add up are
// integers, and parts are put together in their order, so nothing depends on where lists are cut.

extension MergeEngine {
  /// How many slots are looked at to find a place where a list can be cut.
  private static var cutSearchLimit: Int { 1 << 12 }

  /// Writes the new token over the occurrences and adds up what the neighbours lose and gain.
  ///
  /// - Returns: How many were replaced, each weighted with the count of its pre-token.
  mutating func replaceOccurrences(
    of candidate: MergeCandidate, in entry: PairEntry, by new: UInt32
  ) -> UInt64 {
    let list = Int(entry.listStart)..<Int(entry.listStart) + Int(entry.listCount)
    let ranges = cut(list)
    let replacement = Replacement<Slot>(
      candidate: candidate, new: new, widths: widths, byteLengths: byteLengths,
      maximumLength: limits.maximumLength, runStarts: arena.runStarts,
      runCounts: arena.runCounts, blockRuns: arena.blockRuns, positions: pool.positions)
    // What changes is moved out of the engine meanwhile.
    var slots = exchange(&arena.slots, with: [])
    defer { arena.slots = slots }
    if ranges.count == 1 {
      var part = MergePart(
        range: list, left: exchange(&scratch.left, with: MergeSide()),
        right: exchange(&scratch.right, with: MergeSide()))
      unsafe slots.withUnsafeMutableBufferPointer { buffer in
        // SAFETY: the span is the only way to the slots inside the closure.
        unsafe replacement.replace(in: buffer, &part)
      }
      scratch.left = part.left
      scratch.right = part.right
      return part.replacedCount
    }
    var parts = exchange(&parts, with: [])
    while parts.count < ranges.count { parts.append(MergePart()) }
    for index in parts.indices {
      parts[index].range = index < ranges.count ? ranges[index] : 0..<0
      parts[index].replacedCount = 0
    }
    unsafe slots.withUnsafeMutableBufferPointer { buffer in
      // SAFETY: a part reads and writes the slots of its own pre-tokens, and reads the separators
      // around them, which nobody writes; `parallelUpdate` returns after the last part.
      nonisolated(unsafe) let buffer = unsafe buffer
      parallelUpdate(&parts) { _, part in unsafe replacement.replace(in: buffer, &part) }
    }
    var replacedCount: UInt64 = 0
    scratch.left.prepare(idCount: widths.count, occurrenceCount: 0)
    scratch.right.prepare(idCount: widths.count, occurrenceCount: 0)
    for part in parts {
      scratch.left.add(part.left)
      scratch.right.add(part.right)
      replacedCount += part.replacedCount
    }
    self.parts = parts
    return replacedCount
  }

  /// Cuts a list where a pre-token ends, into parts for the threads; a short list is one part.
  private func cut(_ list: Range<Int>) -> [Range<Int>] {
    let count = min(Workers.threadCount, list.count / max(1, limits.mergeGrain))
    if count <= 1 { return [list] }
    var ranges: [Range<Int>] = []
    var start = list.lowerBound
    for part in 1..<count {
      let wanted = max(start + 1, list.lowerBound + list.count / count * part)
      guard let end = endOfPreToken(from: wanted, in: list) else { continue }
      ranges.append(start..<end)
      start = end
    }
    ranges.append(start..<list.upperBound)
    return ranges
  }

  /// The first place in a list, from one on, whose position is in another pre-token than the position
  /// before; nil if there is none nearby.
  private func endOfPreToken(from wanted: Int, in list: Range<Int>) -> Int? {
    var looked = 0
    var place = wanted
    while place < list.upperBound {
      var slot = Int(pool.positions[place - 1])
      let next = Int(pool.positions[place])
      while slot < next {
        if arena.slots[slot] == SymbolArena<Slot>.separator { return place }
        slot += 1
        looked += 1
        if looked > Self.cutSearchLimit { return nil }
      }
      place += 1
    }
    return nil
  }

  /// Fills the lists of the new pairs.
  mutating func writeLists() {
    if !parts.contains(where: { !$0.range.isEmpty }) {
      var totals = exchange(&scratch, with: MergeTotals())
      var positions = pool.positions.mutableSpan
      totals.left.write(to: &positions)
      totals.right.write(to: &positions)
      scratch = totals
      return
    }
    for index in parts.indices {
      scratch.left.allot(to: &parts[index].left)
      scratch.right.allot(to: &parts[index].right)
    }
    var parts = exchange(&parts, with: [])
    defer { self.parts = parts }
    unsafe pool.positions.withUnsafeMutableBufferPointer { buffer in
      // SAFETY: each part writes the places that were allotted to it, and nobody reads the lists
      // before the last part is done.
      nonisolated(unsafe) let buffer = unsafe buffer
      parallelUpdate(&parts) { _, part in
        var positions = unsafe MutableSpan(_unsafeElements: buffer)
        part.left.write(to: &positions)
        part.right.write(to: &positions)
      }
    }
  }

  /// Forgets what the merge added up.
  mutating func resetScratch() {
    scratch.left.reset()
    scratch.right.reset()
    for index in parts.indices where !parts[index].range.isEmpty {
      parts[index].range = 0..<0
      parts[index].left.reset()
      parts[index].right.reset()
    }
  }
}
