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

  /// Computes a token of each text, adds its keys and values to the text's cache, and leaves the logits of
  /// the next.
  ///
  /// - Parameters:
  ///   - texts: The tokens.
  ///   - buffers: A row for each of them.
  ///   - rotaryTables: For all positions, by kind of layer.
  ///   - scratch: Memory for scores.
  func decode(
    _ texts: [DecodedText], buffers: DecodingBuffers, rotaryTables: [RotaryTable?],
    scratch: ScratchPool
  ) {
    let c = configuration
    withWeights { weights in
      lookUp(
        into: buffers.stream, table: weights.embedding, tokens: texts.map(\.token)[...],
        scale: c.embeddingScale)
      if let positions = weights.positions {
        for (row, text) in texts.enumerated() {
          add(
            positions.rows(text.position..<text.position + 1),
            to: buffers.stream.rows(row..<row + 1))
        }
      }
      for (layer, weights) in weights.layers.enumerated() {
        buffers.input.copy(from: buffers.stream)
        let read = normalized(buffers.input, weights.attentionNorm, buffers)
        decodeProduct(into: buffers.queryKeyValue, weights.queryKeyValue, read)
        c.normalizeQueriesAndKeys(
          buffers.queryKeyValue, weights: weights, memory: buffers.queryKey)
        attend(
          layer: layer, texts, buffers: buffers,
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
        vectors: normalized(buffers.stream, weights.finalNorm, buffers))
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

  /// A matrix times a vector of each text, plus its bias.
  private func decodeProduct(into output: Matrix, _ linear: LinearWeights, _ vectors: Matrix) {
    multiply(into: output, linear.weight, vectors: vectors)
    if let bias = linear.bias { add(bias, toRowsOf: output) }
  }

  /// Adds to the residual stream what a block ends in: a product, and the norm behind it.
  private func addBranch(
    _ input: Matrix, _ linear: LinearWeights, _ norm: NormWeights?, _ buffers: DecodingBuffers
  ) {
    decodeProduct(into: buffers.projected, linear, input)
    add(normalized(buffers.projected, norm, buffers), to: buffers.stream)
  }

  /// Rotates the tokens' queries and keys, and lets their heads look at the caches.
  private func attend(
    layer: Int, _ texts: [DecodedText], buffers: DecodingBuffers, rotaryTable: RotaryTable?,
    scratch: ScratchPool
  ) {
    let c = configuration
    let (keyStart, valueStart) = (c.queryWidth, c.queryWidth + c.keyValueWidth)
    for (row, text) in texts.enumerated() {
      let projected = buffers.queryKeyValue.rows(row..<row + 1)
      let (position, cache) = (text.position, text.cache[layer])
      c.turn(
        projected, table: rotaryTable, firstRow: position, period: position + 1,
        direction: .forward)
      cache.keys.rows(position..<position + 1).copy(from: projected.columns(keyStart..<valueStart))
      cache.values.rows(position..<position + 1).copy(
        from: projected.columns(valueStart..<valueStart + c.keyValueWidth))
    }
    let rule = c.attentionRule(ofLayer: layer)
    parallelFor(0..<texts.count * c.headCount) { units in
      for unit in units {
        // Each call owns its heads' columns of the output.
        let (row, head) = (unit / c.headCount, unit % c.headCount)
        let (position, cache) = (texts[row].position, texts[row].cache[layer])
        let visible = max(0, position + 1 - (rule.window ?? position + 1))..<position + 1
        let columns = head * c.headWidth..<(head + 1) * c.headWidth
        let group = head / (c.headCount / c.keyValueHeadCount)
        let shared = group * c.headWidth..<(group + 1) * c.headWidth
        cachedAttention(
          into: buffers.attended.rows(row..<row + 1).columns(columns),
          query: buffers.queryKeyValue.rows(row..<row + 1).columns(columns),
          keys: cache.keys.rows(visible).columns(shared),
          values: cache.values.rows(visible).columns(shared), rule: rule, scratch: scratch)
      }
    }
  }
}
