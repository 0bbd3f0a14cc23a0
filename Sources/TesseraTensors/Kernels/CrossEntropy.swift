import CTesseraKernels
import TesseraBasics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

// Cross-entropy of a linear head, for a chunk of rows whose logits fit in memory.
//
// Shapes, row-major:   hidden: [rows, width]   head: [vocabulary, width]
//                      logits: [rows, vocabulary]   targets: [rows]   bias: [1, vocabulary]
//
//   logits     = hidden * head^T + bias where there is one, soft-capped where the model does that: see
//                SoftCap.swift
//   loss[r]    = log(sum over v of exp(logits[r, v])) - logits[r, targets[r]]
//   dlogits    = scale * (softmax(logits) - one at the target)
//   dhidden    = dlogits * head        dhead += dlogits^T * hidden       dbias += sum of rows of dlogits
//
// The vocabulary is cut into blocks. A block computes its logits, replaces them by exponentials
// relative to its own maximum, and later turns those into gradients with one factor per row, so
// each exponential is computed once. The blocks' maxima and sums are combined in block order.

/// Tokens of the vocabulary per block.
private let blockSize = 1024

/// The working memory for one chunk of rows.
package struct CrossEntropyBuffers: Sendable {
  fileprivate let logits: Matrix
  fileprivate let maxima: Matrix
  fileprivate let sums: Matrix
  fileprivate let targetLogits: Matrix

  /// The number of rows that fit.
  package var rowCapacity: Int { logits.rowCount }

  /// Rows per chunk: logits of at most 64 MiB, but never less than 256 rows nor more than 512.
  package static func rowCapacity(vocabularySize: Int) -> Int {
    min(512, max(256, (16 << 20) / max(1, vocabularySize) / 64 * 64))
  }

  /// The number of floats that ``init(memory:rowCapacity:vocabularySize:)`` carves.
  package static func size(rowCapacity: Int, vocabularySize: Int) -> Int {
    let blocks = (vocabularySize + blockSize - 1) / blockSize
    return FloatMemory.size(rowCount: rowCapacity, columnCount: vocabularySize)
      + 2 * FloatMemory.size(rowCount: blocks, columnCount: rowCapacity)
      + FloatMemory.size(rowCount: 1, columnCount: rowCapacity)
  }

  /// Buffers for chunks of up to `rowCapacity` rows.
  package init(memory: FloatMemory, rowCapacity: Int, vocabularySize: Int) {
    let blocks = (vocabularySize + blockSize - 1) / blockSize
    logits = memory.carve(rowCapacity, vocabularySize)
    maxima = memory.carve(blocks, rowCapacity)
    sums = memory.carve(blocks, rowCapacity)
    targetLogits = memory.carve(1, rowCapacity)
  }
}

/// The losses of a chunk of rows, in nats; leaves exponentials in the buffers for the backward pass.
///
/// Logits are soft-capped at `softCap`, if there is one.
///
/// - Precondition: Targets are inside the vocabulary, and the rows fit into the buffers.
package func crossEntropy(
  hidden: Matrix, head: LinearHead, bias: Matrix? = nil, targets: [Int32],
  softCap cap: Float? = nil,
  buffers: CrossEntropyBuffers
) -> [Float] {
  let rows = hidden.rowCount
  let vocabularySize = head.weight.rowCount
  precondition(rows == targets.count && rows <= buffers.rowCapacity)
  precondition(buffers.logits.columnCount == vocabularySize)
  precondition(targets.allSatisfy { $0 >= 0 && Int($0) < vocabularySize }, "target out of range")
  let logits = buffers.logits.rows(0..<rows)
  head.prepareForward(hidden: hidden)
  parallelFor(0..<vocabularySize, grain: blockSize) { block in
    // Each call owns the columns of its block, and the targets that lie in it.
    let part = logits.columns(block)
    head.logits(into: part, hidden: hidden, block: block)
    if let bias { add(bias.columns(block), toRowsOf: part) }
    if let cap { softCap(part, cap: cap) }
    for (row, target) in targets.enumerated() where block.contains(Int(target)) {
      buffers.targetLogits[0, row] = logits[row, Int(target)]
    }
    let index = block.lowerBound / blockSize
    let (maxima, sums) = (buffers.maxima.rows(index..<index + 1), buffers.sums)
    // SAFETY: the block's rows of `maxima` and `sums` have room for every row of the chunk.
    unsafe kernels.exponentials(
      part.base, Int64(part.stride), maxima.base, sums.rows(index..<index + 1).base, Int64(rows),
      Int64(block.count))
  }
  return (0..<rows).map { row in
    let logSum = combinedLogSum(row, buffers)
    return Float(logSum - Double(buffers.targetLogits[0, row]))
  }
}

/// The log of the sum of exponentials over all blocks of a row.
private func combinedLogSum(_ row: Int, _ buffers: CrossEntropyBuffers) -> Double {
  var largest = -Float.infinity
  for block in 0..<buffers.maxima.rowCount { largest = max(largest, buffers.maxima[block, row]) }
  var total = 0.0
  for block in 0..<buffers.maxima.rowCount {
    let weight = exp(Double(buffers.maxima[block, row] - largest))
    total += Double(buffers.sums[block, row]) * weight
  }
  return Double(largest) + log(total)
}

/// The gradients of `scale` times the sum of the losses that
/// ``crossEntropy(hidden:head:bias:targets:softCap:buffers:)`` has just computed, with the same cap.
///
/// `hiddenGradient` is overwritten if it is wanted, `headGradient` added to: that of all rows of the head,
/// or of `headRows` alone, one after the other. `biasGradient` is added to where it is wanted. With
/// `rowWeights` each row's loss counts so many times.
package func crossEntropyBackward(
  hiddenGradient: Matrix?, headGradient: Matrix?, headRows: RangeSet<Int>? = nil,
  biasGradient: Matrix? = nil, hidden: Matrix, head: LinearHead, targets: [Int32],
  softCap cap: Float? = nil, scale: Float, rowWeights: [Float]? = nil,
  buffers: CrossEntropyBuffers
) {
  let rows = hidden.rowCount
  let vocabularySize = head.weight.rowCount
  let headRanges = headRows.map { Array($0.ranges) } ?? [0..<vocabularySize]
  // Where the gradients of each range begin, and where the last one ends.
  let offsets = headRanges.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
  precondition(rows == targets.count && rows <= buffers.rowCapacity)
  precondition(headGradient.map { $0.rowCount == offsets[offsets.count - 1] } ?? true)
  precondition(rowWeights.map { $0.count == rows } ?? true)
  let logits = buffers.logits.rows(0..<rows)
  let scales = (0..<rows).map { row in scale * (rowWeights?[row] ?? 1) }
  // From here on `sums` holds the factors that make gradients of the exponentials.
  for row in 0..<rows {
    let logSum = combinedLogSum(row, buffers)
    for block in 0..<buffers.maxima.rowCount {
      let factor = exp(Double(buffers.maxima[block, row]) - logSum)
      buffers.sums[block, row] = Float(factor) * scales[row]
    }
  }
  head.prepareBackward(hidden: hidden, reachesHidden: hiddenGradient != nil)
  parallelFor(0..<vocabularySize, grain: blockSize) { block in
    // Each call owns the columns of its block, and the same rows of the head's gradient.
    let part = logits.columns(block)
    let index = block.lowerBound / blockSize
    let factors = buffers.sums.rows(index..<index + 1)
    // SAFETY: there are a factor and a maximum for each row of the chunk.
    if let cap {
      unsafe kernels.capped_exponentials_backward(
        part.base, Int64(part.stride), buffers.maxima.rows(index..<index + 1).base, factors.base,
        Int64(rows), Int64(block.count), cap)
    } else {
      unsafe kernels.scale_rows(
        part.base, Int64(part.stride), factors.base, Int64(rows), Int64(block.count))
    }
    for (row, target) in targets.enumerated() where block.contains(Int(target)) {
      let capped = cap.map { buffers.targetLogits[0, row] / $0 } ?? 0
      logits[row, Int(target)] -= scales[row] * (1 - capped * capped)
    }
    if let biasGradient { addRows(of: part, to: biasGradient.columns(block)) }
    if hiddenGradient != nil { head.keep(logitGradients: part, block: block) }
    guard let headGradient else { return }
    for (range, offset) in zip(headRanges, offsets) {
      let wanted = block.clamped(to: range)
      if wanted.isEmpty { continue }
      let (first, start) = (range.lowerBound - offset, block.lowerBound)
      head.addWeightGradient(
        into: headGradient.rows(wanted.lowerBound - first..<wanted.upperBound - first),
        logitGradients: part.columns(wanted.lowerBound - start..<wanted.upperBound - start),
        hidden: hidden)
    }
  }
  guard let hiddenGradient else { return }
  let width = head.weight.columnCount
  precondition(hiddenGradient.rowCount == rows && hiddenGradient.columnCount == width)
  let tile = head.gradientTile
  let rowTiles = (rows + tile.rows - 1) / tile.rows
  let columnTiles = (width + tile.columns - 1) / tile.columns
  parallelFor(0..<rowTiles * columnTiles) { tiles in
    for index in tiles {
      let (top, start) = (index / columnTiles * tile.rows, index % columnTiles * tile.columns)
      let tileRows = top..<min(top + tile.rows, rows)
      let columns = start..<min(start + tile.columns, width)
      head.hiddenGradient(
        into: hiddenGradient.rows(tileRows).columns(columns), logitGradients: logits,
        rows: tileRows, columns: columns)
    }
  }
}

/// The loss of one row in Double, from its definition.
package func crossEntropyReference(logits: [Double], target: Int) -> Double {
  let largest = logits.max() ?? 0
  return largest + log(logits.reduce(0) { $0 + exp($1 - largest) }) - logits[target]
}
