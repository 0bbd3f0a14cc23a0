import TesseraBasics
import TesseraTensors

/// One pass over the layers of a decoder: the views of weights and activations, and the batch.
///
/// Work forks over tiles of tokens, over heads of sequences, and over rows of weights; a tile goes
/// through as many operations as it can before the next join, while it is in the cache. Every tile
/// is cut by shapes alone, and belongs to one call.
struct DecoderPass: Sendable {
  let configuration: TransformerConfiguration
  let weights: ModelWeights
  let activations: Activations
  let scratch: ScratchPool
  let rotaryTable: RotaryTable
  let tokens: [Int32]
  let sequenceCount: Int
  let sequenceLength: Int

  /// The columns of a head of queries, and of the keys and the values that it uses.
  func columns(ofHead head: Int) -> (queries: Range<Int>, keys: Range<Int>, values: Range<Int>) {
    let c = configuration
    let group = head / (c.headCount / c.keyValueHeadCount)
    let keyStart = c.queryWidth + group * c.headWidth
    let valueStart = keyStart + c.keyValueWidth
    return (
      head * c.headWidth..<(head + 1) * c.headWidth, keyStart..<keyStart + c.headWidth,
      valueStart..<valueStart + c.headWidth
    )
  }

  /// The rows of a sequence.
  func rows(ofSequence sequence: Int) -> Range<Int> {
    sequence * sequenceLength..<(sequence + 1) * sequenceLength
  }

  /// The columns of queries and keys, which are rotated.
  var rotatedColumns: Range<Int> {
    0..<configuration.queryWidth + configuration.keyValueWidth
  }

  // MARK: Forward

  /// Runs all layers, and leaves the residual stream in `activations.output`.
  func forward() { forward(depth: configuration.layerCount) }

  /// Runs the first layers, and leaves the residual stream where the last of them has its output.
  func forward(depth: Int) {
    let grain = tileRows(tokens.count)
    parallelFor(0..<tokens.count, grain: grain) { rows in
      let input = activations.layers[0].input
      lookUp(into: input.rows(rows), table: weights.embedding, tokens: tokens[rows])
      if depth > 0 { project(layer: 0, rows) }
    }
    for layer in 0..<depth {
      parallelFor(0..<sequenceCount * configuration.headCount) { units in
        for unit in units { attend(layer: layer, unit) }
      }
      parallelFor(0..<tokens.count, grain: grain) { rows in
        feedForward(layer: layer, rows)
        if layer + 1 < depth { project(layer: layer + 1, rows) }
      }
    }
  }

  /// From the residual stream to rotated queries and keys, and values.
  private func project(layer: Int, _ rows: Range<Int>) {
    let (weights, activations) = (weights.layers[layer], self.activations.layers[layer])
    let normed = self.activations.normed.rows(rows)
    rmsNorm(
      into: normed, scale: activations.attentionScale.columns(rows),
      input: activations.input.rows(rows), weight: weights.attentionNorm,
      epsilon: configuration.normEpsilon)
    let projected = activations.queryKeyValue.rows(rows)
    multiply(into: projected, normed, transposed: weights.queryKeyValue)
    rotate(
      projected.columns(rotatedColumns), table: rotaryTable, firstRow: rows.lowerBound,
      period: sequenceLength, direction: .forward)
  }

  /// The attention of one head over one sequence.
  private func attend(layer: Int, _ unit: Int) {
    let activations = self.activations.layers[layer]
    let rows = rows(ofSequence: unit / configuration.headCount)
    let columns = columns(ofHead: unit % configuration.headCount)
    let projected = activations.queryKeyValue.rows(rows)
    causalAttention(
      into: activations.attended.rows(rows).columns(columns.queries),
      logSums: activations.logSums.rows(unit..<unit + 1),
      queries: projected.columns(columns.queries), keys: projected.columns(columns.keys),
      values: projected.columns(columns.values), scratch: scratch)
  }

  /// From the heads' outputs to the residual stream after the layer.
  private func feedForward(layer: Int, _ rows: Range<Int>) {
    let (weights, activations) = (weights.layers[layer], self.activations.layers[layer])
    let middle = activations.middle.rows(rows)
    middle.copy(from: activations.input.rows(rows))
    multiply(
      into: middle, activations.attended.rows(rows), transposed: weights.attentionOutput, keep: 1)
    let normed = self.activations.normed.rows(rows)
    rmsNorm(
      into: normed, scale: activations.feedForwardScale.columns(rows), input: middle,
      weight: weights.feedForwardNorm, epsilon: configuration.normEpsilon)
    let gateUp = activations.gateUp.rows(rows)
    multiply(into: gateUp, normed, transposed: weights.gateUp)
    let hidden = self.activations.hidden.rows(rows)
    swiGLU(into: hidden, gateUp: gateUp)
    let output = self.activations.output(ofLayer: layer).rows(rows)
    output.copy(from: middle)
    multiply(into: output, hidden, transposed: weights.down, keep: 1)
  }
}
