import TesseraBasics
import TesseraTensors

// The backward pass. The residual stream's gradient moves through three matrices in turn: after a
// layer, between its two blocks, before it; the gradients of the weights need the first two.

/// Rows of a weight per call of a fork over weights.
private let weightRows = 256

extension DecoderPass {
  /// Runs all layers backward, from the gradient of the residual stream after the last one.
  ///
  /// The gradient starts in `stream[0]` of the gradient activations. Without `scope` `.all` only
  /// the embedding's gradient is added to.
  func backward(into gradient: ModelWeights, scope: GradientScope) {
    let stream = backward(
      depth: configuration.layerCount, into: scope == .all ? gradient : nil)
    lookUpBackward(tableGradient: gradient.embedding, outputGradient: stream, tokens: tokens)
  }

  /// Runs the first layers backward, from the gradient of the residual stream after the last of them.
  ///
  /// - Parameters:
  ///   - depth: How many layers.
  ///   - gradient: What the gradients of their weights are added to, if they are wanted.
  /// - Returns: [tokens, width]: the gradient of the residual stream before the first layer.
  func backward(depth: Int, into gradient: ModelWeights? = nil) -> Matrix {
    guard let memory = activations.gradients else {
      preconditionFailure("a backward pass needs the activations of every layer")
    }
    let grain = tileRows(tokens.count)
    let wantsBody = gradient != nil
    var stream = memory.stream
    for layer in (0..<depth).reversed() {
      let (after, within, before) = (stream[0], stream[1], stream[2])
      parallelFor(0..<tokens.count, grain: grain) { rows in
        feedForwardBackward(layer: layer, rows, after, within, memory, wantsBody: wantsBody)
      }
      if let gradient { addPartials(memory, to: gradient.layers[layer].feedForwardNorm) }
      parallelFor(0..<sequenceCount * configuration.keyValueHeadCount) { units in
        for unit in units { attendBackward(layer: layer, unit, memory) }
      }
      parallelFor(0..<tokens.count, grain: grain) { rows in
        projectBackward(layer: layer, rows, within, before, memory, wantsBody: wantsBody)
      }
      if let gradient {
        addPartials(memory, to: gradient.layers[layer].attentionNorm)
        addWeightGradients(layer: layer, after, within, memory, to: gradient.layers[layer])
      }
      stream = [before, after, within]
    }
    return stream[0]
  }

  /// From the stream's gradient after the layer to that between its blocks, and on to the
  /// gradient of the heads' outputs.
  private func feedForwardBackward(
    layer: Int, _ rows: Range<Int>, _ after: Matrix, _ within: Matrix,
    _ memory: GradientActivations, wantsBody: Bool
  ) {
    let (weights, activations) = (weights.layers[layer], self.activations.layers[layer])
    let hidden = self.activations.hidden.rows(rows)
    multiply(into: hidden, after.rows(rows), weights.down)
    let gateUp = activations.gateUp.rows(rows)
    swiGLUBackward(hidden: hidden, gateUp: gateUp)
    let within = within.rows(rows)
    multiply(into: within, gateUp, weights.gateUp)
    rmsNormBackward(
      into: within, residual: after.rows(rows), outputGradient: within,
      input: activations.middle.rows(rows), weight: weights.feedForwardNorm,
      scale: activations.feedForwardScale.columns(rows),
      weightGradient: wantsBody ? partial(memory, rows) : nil,
      normed: wantsBody ? self.activations.normed.rows(rows) : nil)
    multiply(into: memory.attended.rows(rows), within, weights.attentionOutput)
  }

  /// The attention of the heads that share one head of keys and values, over one sequence.
  private func attendBackward(layer: Int, _ unit: Int, _ memory: GradientActivations) {
    let c = configuration
    let activations = self.activations.layers[layer]
    let sequence = unit / c.keyValueHeadCount
    let group = c.headCount / c.keyValueHeadCount
    let firstHead = unit % c.keyValueHeadCount * group
    let rows = rows(ofSequence: sequence)
    let projected = activations.queryKeyValue.rows(rows)
    let gradient = memory.queryKeyValue.rows(rows)
    let shared = columns(ofHead: firstHead)
    gradient.columns(shared.keys).fill(with: 0)
    gradient.columns(shared.values).fill(with: 0)
    for head in firstHead..<firstHead + group {
      let columns = columns(ofHead: head)
      let logSumRow = sequence * c.headCount + head
      causalAttentionBackward(
        into: CausalAttentionGradient(
          queries: gradient.columns(columns.queries), keys: gradient.columns(columns.keys),
          values: gradient.columns(columns.values)),
        outputGradient: memory.attended.rows(rows).columns(columns.queries),
        output: activations.attended.rows(rows).columns(columns.queries),
        logSums: activations.logSums.rows(logSumRow..<logSumRow + 1),
        queries: projected.columns(columns.queries), keys: projected.columns(columns.keys),
        values: projected.columns(columns.values), scratch: scratch)
    }
  }

  /// From the gradients of queries, keys and values to the stream's gradient before the layer.
  private func projectBackward(
    layer: Int, _ rows: Range<Int>, _ within: Matrix, _ before: Matrix,
    _ memory: GradientActivations, wantsBody: Bool
  ) {
    let (weights, activations) = (weights.layers[layer], self.activations.layers[layer])
    let gradient = memory.queryKeyValue.rows(rows)
    rotate(
      gradient.columns(rotatedColumns), table: rotaryTable, firstRow: rows.lowerBound,
      period: sequenceLength, direction: .backward)
    let before = before.rows(rows)
    multiply(into: before, gradient, weights.queryKeyValue)
    rmsNormBackward(
      into: before, residual: within.rows(rows), outputGradient: before,
      input: activations.input.rows(rows), weight: weights.attentionNorm,
      scale: activations.attentionScale.columns(rows),
      weightGradient: wantsBody ? partial(memory, rows) : nil,
      normed: wantsBody ? memory.attentionNormed.rows(rows) : nil)
  }

  /// The tile's own row for the gradient of a norm's weights, cleared.
  private func partial(_ memory: GradientActivations, _ rows: Range<Int>) -> Matrix {
    let tile = rows.lowerBound / tileRows(tokens.count)
    let partial = memory.normPartials.rows(tile..<tile + 1)
    partial.fill(with: 0)
    return partial
  }

  /// Adds the tiles' rows in order.
  private func addPartials(_ memory: GradientActivations, to weight: Matrix) {
    addRows(of: memory.normPartials, to: weight)
  }

  /// The gradients of the layer's matrices, in a fork over blocks of their rows.
  private func addWeightGradients(
    layer: Int, _ after: Matrix, _ within: Matrix, _ memory: GradientActivations,
    to gradient: LayerWeights
  ) {
    let activations = self.activations.layers[layer]
    let products: [(weight: Matrix, outputGradient: Matrix, input: Matrix)] = [
      (gradient.gateUp, activations.gateUp, self.activations.normed),
      (gradient.down, after, self.activations.hidden),
      (gradient.queryKeyValue, memory.queryKeyValue, memory.attentionNormed),
      (gradient.attentionOutput, within, activations.attended),
    ]
    let blocks = products.indices.flatMap { product in
      let rowCount = products[product].weight.rowCount
      return stride(from: 0, to: rowCount, by: weightRows).map {
        (product, $0..<min($0 + weightRows, rowCount))
      }
    }
    parallelFor(0..<blocks.count) { range in
      for (product, rows) in blocks[range] {
        let (weight, outputGradient, input) = products[product]
        multiply(
          into: weight.rows(rows), transposed: outputGradient.columns(rows), input, keep: 1)
      }
    }
  }
}
