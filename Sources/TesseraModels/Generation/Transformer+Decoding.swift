import TesseraBasics
import TesseraTensors

extension Transformer {
  /// Computes a prompt as one batch, and keeps its keys and values.
  func fill(
    _ cache: [LayerCache], with prompt: ArraySlice<Int32>, workspace: TransformerWorkspace
  ) {
    let c = configuration
    let batch = TokenBatch(
      sequenceCount: 1, sequenceLength: prompt.count, inputs: Array(prompt), targets: Array(prompt))
    withPass(over: batch, workspace: workspace, keeping: .all) { pass in
      pass.forward()
      for (cache, layer) in zip(cache, pass.activations.layers) {
        let (keyStart, valueStart) = (c.queryWidth, c.queryWidth + c.keyValueWidth)
        let rows = 0..<prompt.count
        cache.keys.rows(rows).copy(from: layer.queryKeyValue.columns(keyStart..<valueStart))
        cache.values.rows(rows).copy(
          from: layer.queryKeyValue.columns(valueStart..<valueStart + c.keyValueWidth))
      }
    }
  }

  /// Computes one token, adds its keys and values to the cache, and leaves the logits of the next.
  func decode(
    _ token: Int32, position: Int, cache: [LayerCache], buffers: DecodingBuffers,
    rotaryTables: [RotaryTable?], scratch: ScratchPool
  ) {
    let c = configuration
    withWeights { weights in
      lookUp(
        into: buffers.stream, table: weights.embedding, tokens: [token], scale: c.embeddingScale)
      if let positions = weights.positions {
        add(positions.rows(position..<position + 1), to: buffers.stream)
      }
      for (layer, weights) in weights.layers.enumerated() {
        buffers.input.copy(from: buffers.stream)
        let read = normalized(buffers.input, weights.attentionNorm, buffers)
        decodeProduct(into: buffers.queryKeyValue, weights.queryKeyValue, read)
        c.normalizeQueriesAndKeys(
          buffers.queryKeyValue, weights: weights, memory: buffers.queryKey)
        attend(
          layer: layer, position: position, cache: cache[layer], buffers: buffers,
          rotaryTable: rotaryTables[layer % rotaryTables.count], scratch: scratch)
        addBranch(buffers.attended, weights.attentionOutput, weights.attentionOutputNorm, buffers)
        let middle = c.hasParallelBlocks ? buffers.input : buffers.stream
        decodeProduct(
          into: buffers.gateUp, weights.gateUp,
          normalized(middle, weights.feedForwardNorm, buffers))
        c.activate(into: buffers.hidden, gateUp: buffers.gateUp)
        addBranch(buffers.hidden, weights.down, weights.feedForwardOutputNorm, buffers)
      }
      multiply(
        into: buffers.logits, weights.head.weight,
        vector: normalized(buffers.stream, weights.finalNorm, buffers))
      if let cap = c.logitSoftCap { softCap(buffers.logits, cap: cap) }
    }
  }

  /// What a block reads: the norm of its input, or the input where there is no norm.
  private func normalized(
    _ input: Matrix, _ norm: NormWeights?, _ buffers: DecodingBuffers
  ) -> Matrix {
    guard let norm else { return input }
    configuration.normalize(
      into: buffers.normed, statistics: buffers.norm, input: input, weights: norm)
    return buffers.normed
  }

  /// A matrix times one vector, plus its bias.
  private func decodeProduct(into output: Matrix, _ linear: LinearWeights, _ vector: Matrix) {
    multiply(into: output, linear.weight, vector: vector)
    if let bias = linear.bias { add(bias, to: output) }
  }

  /// Adds to the residual stream what a block ends in: a product, and the norm behind it.
  private func addBranch(
    _ vector: Matrix, _ linear: LinearWeights, _ norm: NormWeights?, _ buffers: DecodingBuffers
  ) {
    decodeProduct(into: buffers.projected, linear, vector)
    add(normalized(buffers.projected, norm, buffers), to: buffers.stream)
  }

  /// Rotates the token's queries and keys, and lets its heads look at the cache.
  private func attend(
    layer: Int, position: Int, cache: LayerCache, buffers: DecodingBuffers,
    rotaryTable: RotaryTable?, scratch: ScratchPool
  ) {
    let c = configuration
    let (keyStart, valueStart) = (c.queryWidth, c.queryWidth + c.keyValueWidth)
    let projected = buffers.queryKeyValue
    c.turn(
      projected, table: rotaryTable, firstRow: position, period: position + 1, direction: .forward)
    cache.keys.rows(position..<position + 1).copy(from: projected.columns(keyStart..<valueStart))
    cache.values.rows(position..<position + 1).copy(
      from: projected.columns(valueStart..<valueStart + c.keyValueWidth))
    let rule = c.attentionRule(ofLayer: layer)
    let visible = max(0, position + 1 - (rule.window ?? position + 1))..<position + 1
    parallelFor(0..<c.headCount) { heads in
      for head in heads {
        // Each call owns its heads' columns of the output.
        let columns = head * c.headWidth..<(head + 1) * c.headWidth
        let group = head / (c.headCount / c.keyValueHeadCount)
        let shared = group * c.headWidth..<(group + 1) * c.headWidth
        cachedAttention(
          into: buffers.attended.columns(columns), query: projected.columns(columns),
          keys: cache.keys.rows(visible).columns(shared),
          values: cache.values.rows(visible).columns(shared), rule: rule, scratch: scratch)
      }
    }
  }
}
