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
    withPass(over: batch, workspace: workspace, keepsLayers: true) { pass in
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
    rotaryTable: RotaryTable, scratch: ScratchPool
  ) {
    withWeights { weights in
      lookUp(into: buffers.stream, table: weights.embedding, tokens: [token])
      for (weights, cache) in zip(weights.layers, cache) {
        normalize(buffers, weights.attentionNorm)
        multiply(
          into: buffers.queryKeyValue, weights.queryKeyValue, vector: buffers.normed)
        attend(
          position: position, cache: cache, buffers: buffers, rotaryTable: rotaryTable,
          scratch: scratch)
        multiply(into: buffers.projected, weights.attentionOutput, vector: buffers.attended)
        addRows(of: buffers.projected, to: buffers.stream)
        normalize(buffers, weights.feedForwardNorm)
        multiply(into: buffers.gateUp, weights.gateUp, vector: buffers.normed)
        swiGLU(into: buffers.hidden, gateUp: buffers.gateUp)
        multiply(into: buffers.projected, weights.down, vector: buffers.hidden)
        addRows(of: buffers.projected, to: buffers.stream)
      }
      normalize(buffers, weights.finalNorm)
      multiply(into: buffers.logits, weights.head, vector: buffers.normed)
    }
  }

  private func normalize(_ buffers: DecodingBuffers, _ weight: Matrix) {
    rmsNorm(
      into: buffers.normed, scale: buffers.scale, input: buffers.stream, weight: weight,
      epsilon: configuration.normEpsilon)
  }

  /// Rotates the token's queries and keys, and lets its heads look at the cache.
  private func attend(
    position: Int, cache: LayerCache, buffers: DecodingBuffers, rotaryTable: RotaryTable,
    scratch: ScratchPool
  ) {
    let c = configuration
    let (keyStart, valueStart) = (c.queryWidth, c.queryWidth + c.keyValueWidth)
    let projected = buffers.queryKeyValue
    rotate(
      projected.columns(0..<valueStart), table: rotaryTable, firstRow: position,
      period: rotaryTable.length, direction: .forward)
    cache.keys.rows(position..<position + 1).copy(from: projected.columns(keyStart..<valueStart))
    cache.values.rows(position..<position + 1).copy(
      from: projected.columns(valueStart..<valueStart + c.keyValueWidth))
    parallelFor(0..<c.headCount) { heads in
      for head in heads {
        // Each call owns its heads' columns of the output.
        let columns = head * c.headWidth..<(head + 1) * c.headWidth
        let group = head / (c.headCount / c.keyValueHeadCount)
        let shared = group * c.headWidth..<(group + 1) * c.headWidth
        let visible = 0..<position + 1
        cachedAttention(
          into: buffers.attended.columns(columns), query: projected.columns(columns),
          keys: cache.keys.rows(visible).columns(shared),
          values: cache.values.rows(visible).columns(shared), scratch: scratch)
      }
    }
  }
}
