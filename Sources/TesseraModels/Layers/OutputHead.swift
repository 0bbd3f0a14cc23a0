import TesseraTensors

// The final norm, the LM head and the loss, in chunks of rows: the logits of a whole batch never
// exist. Positions without a target take no part.

/// What the gradients of the head's parameters are added to.
struct HeadGradient: Sendable {
  /// That of the final norm, if it is wanted.
  let finalNorm: NormWeights?
  /// Those of what stands before an encoder's head, if they are wanted.
  var maskedHead: MaskedHeadWeights?
  /// [headRows, width], if it is wanted.
  let head: Matrix?
  /// Which rows of the head.
  let headRows: RangeSet<Int>
}

extension DecoderPass {
  /// The loss of each position in nats, 0 where it has no target.
  ///
  /// With a gradient, the gradient of `scale` times the summed loss is added to it, and that of the
  /// residual stream is left in `stream[0]` of the gradient activations, if there are any and if it is
  /// wanted. Where there are weights of sequences, each one's loss counts so much in the gradients.
  func headLosses(
    targets: [Int32], into gradient: HeadGradient? = nil, scale: Float = 1,
    sequenceWeights: [Float] = [], reachesStream: Bool = true
  ) -> [Float] {
    let memory = activations.head
    var losses = [Float](repeating: 0, count: targets.count)
    let positions = targets.indices.filter { targets[$0] >= 0 }
    let streamGradient = reachesStream ? activations.gradients?.stream[0] : nil
    if gradient != nil, positions.count < targets.count { streamGradient?.fill(with: 0) }
    weights.head.prepare(reachesHidden: gradient != nil && streamGradient != nil)
    var start = 0
    while start < positions.count {
      let chunk = positions[start..<min(start + memory.crossEntropy.rowCapacity, positions.count)]
      start = chunk.endIndex
      let rows = 0..<chunk.count
      let (stream, normed) = (memory.stream.rows(rows), memory.normed.rows(rows))
      let statistics = memory.norm.rows(rows)
      for (row, position) in chunk.enumerated() {
        stream.rows(row..<row + 1).copy(from: activations.output.rows(position..<position + 1))
      }
      configuration.normalize(
        into: normed, statistics: statistics, input: stream, weights: weights.finalNorm)
      let masked = memory.maskedHead?.rows(rows)
      let read = headInput(normed, masked)
      let chunkTargets = chunk.map { targets[$0] }
      let chunkLosses = crossEntropy(
        hidden: read, head: weights.head, bias: weights.maskedHead?.bias, targets: chunkTargets,
        softCap: configuration.logitSoftCap, buffers: memory.crossEntropy)
      for (loss, position) in zip(chunkLosses, chunk) { losses[position] = loss }
      guard let gradient else { continue }
      let rowGradient = memory.gradient.rows(rows)
      crossEntropyBackward(
        hiddenGradient: streamGradient == nil ? nil : rowGradient, headGradient: gradient.head,
        headRows: gradient.headRows, biasGradient: gradient.maskedHead?.bias, hidden: read,
        head: weights.head, targets: chunkTargets, softCap: configuration.logitSoftCap,
        scale: scale,
        rowWeights: sequenceWeights.isEmpty
          ? nil : chunk.map { sequenceWeights[$0 / sequenceLength] },
        buffers: memory.crossEntropy)
      guard let streamGradient else { continue }
      headInputBackward(rowGradient, normed: normed, masked, into: gradient.maskedHead)
      configuration.normalizeBackward(
        into: rowGradient, residual: nil, outputGradient: rowGradient, input: stream,
        weights: weights.finalNorm, statistics: statistics, gradient: gradient.finalNorm,
        normed: nil)
      for (row, position) in chunk.enumerated() {
        streamGradient.rows(position..<position + 1).copy(from: rowGradient.rows(row..<row + 1))
      }
    }
    return losses
  }
}
