internal import CTesseraKernels

/// A part of the occurrences of a pair that is being merged.
struct MergePart: Sendable {
  /// Where they are listed in the pool.
  var range = 0..<0
  var left = MergeSide()
  var right = MergeSide()
  /// How many were replaced, each weighted with the count of its pre-token.
  var replacedCount: UInt64 = 0
}

/// What it takes to replace a pair by a new token.
struct Replacement<Slot: ArenaSlot>: Sendable {
  let candidate: MergeCandidate
  let new: UInt32
  let widths: [UInt32]
  let byteLengths: [UInt32]
  let maximumLength: Int
  let runStarts: [UInt32]
  let runCounts: [UInt64]
  let blockRuns: [UInt32]
  let positions: [UInt32]

  /// How far ahead occurrences are fetched.
  static var fetchDistance: Int { 16 }
}

extension Replacement {
  /// Replaces the occurrences of a part.
  ///
  /// - Parameter buffer: All slots; nobody else writes those of the part's pre-tokens.
  @unsafe
  func replace(in buffer: UnsafeMutableBufferPointer<Slot>, _ part: inout MergePart) {
    typealias Arena = SymbolArena<Slot>
    let list = positions.span.extracting(part.range)
    part.left.prepare(idCount: widths.count, occurrenceCount: list.count)
    part.right.prepare(idCount: widths.count, occurrenceCount: list.count)
    var slots = unsafe MutableSpan(_unsafeElements: buffer)
    // Each array is moved out of the part while a span over it is open.
    var leftIndexArray = exchange(&part.left.indices, with: [])
    var leftTotalArray = exchange(&part.left.totals, with: [])
    var leftOccurrenceArray = exchange(&part.left.occurrences, with: [])
    var rightIndexArray = exchange(&part.right.indices, with: [])
    var rightTotalArray = exchange(&part.right.totals, with: [])
    var rightOccurrenceArray = exchange(&part.right.occurrences, with: [])
    var leftIndices = leftIndexArray.mutableSpan
    var leftTotals = leftTotalArray.mutableSpan
    var leftOccurrences = leftOccurrenceArray.mutableSpan
    var rightIndices = rightIndexArray.mutableSpan
    var rightTotals = rightTotalArray.mutableSpan
    var rightOccurrences = rightOccurrenceArray.mutableSpan
    var (leftCount, leftOccurrenceCount) = (0, 0)
    var (rightCount, rightOccurrenceCount) = (0, 0)
    var replacedCount: UInt64 = 0

    let (a, b) = (Slot(candidate.left), Slot(candidate.right))
    let newSlot = Slot(new)
    let aWidth = Int(self.widths[Int(a)])
    let bWidth = Int(self.widths[Int(b)])
    let newLength = Int(self.byteLengths[Int(new)])
    var cursor = RunCursor()
    let runStarts = runStarts.span
    let runCounts = runCounts.span
    let blockRuns = blockRuns.span
    let widths = widths.span
    let byteLengths = byteLengths.span

    for index in list.indices {
      let ahead = index + Self.fetchDistance
      if ahead < list.count, let base = buffer.baseAddress {
        // SAFETY: fetching reads nothing, and positions are below the number of slots.
        unsafe tk_prefetch(base + Int(list[ahead]))
      }
      let position = list[index]
      let i = Int(position)
      guard slots[i] == a else { continue }
      let j = i + aWidth
      guard slots[j] == b else { continue }
      let k = j + bWidth
      let weight = cursor.count(
        at: position, starts: runStarts, counts: runCounts, blocks: blockRuns)
      replacedCount += weight

      let before = slots[i - 1]
      if before != Arena.separator {
        let id = UInt32(before & ~Arena.endMarker)
        let side = MergeSide.index(of: id, &leftIndices, &leftTotals, &leftCount)
        if id == new {
          // The occurrence before this one counted the pair (new, a), which is now (new, new).
          let other = MergeSide.index(
            of: candidate.left, &rightIndices, &rightTotals, &rightCount)
          rightTotals[other].gained &-= weight
        } else {
          leftTotals[side].lost += weight
        }
        if Int(byteLengths[Int(id)]) + newLength <= maximumLength {
          leftTotals[side].gained += weight
          leftTotals[side].listCount += 1
          leftOccurrences[leftOccurrenceCount] =
            UInt64(side) << 32 | UInt64(position - widths[Int(id)])
          leftOccurrenceCount += 1
        }
      }
      let after = slots[k]
      if after != Arena.separator {
        let side = MergeSide.index(
          of: UInt32(after), &rightIndices, &rightTotals, &rightCount)
        rightTotals[side].lost += weight
        rightTotals[side].gained &+= weight
        if Int(byteLengths[Int(after)]) + newLength <= maximumLength {
          rightTotals[side].listCount += 1
          rightOccurrences[rightOccurrenceCount] = UInt64(side) << 32 | UInt64(position)
          rightOccurrenceCount += 1
        }
      }

      if aWidth > 1 { slots[j - 1] = Arena.tombstone }
      slots[j] = Arena.tombstone
      slots[i] = newSlot
      slots[k - 1] = newSlot | Arena.endMarker
    }
    part.left = MergeSide(
      indices: leftIndexArray, totals: leftTotalArray, count: leftCount,
      occurrences: leftOccurrenceArray, occurrenceCount: leftOccurrenceCount)
    part.right = MergeSide(
      indices: rightIndexArray, totals: rightTotalArray, count: rightCount,
      occurrences: rightOccurrenceArray, occurrenceCount: rightOccurrenceCount)
    part.replacedCount = replacedCount
  }
}
