import TesseraBasics
import TesseraTensors

/// One pass over the layers of a model: the views of weights and activations, and the batch.
///
/// Work forks over tiles of tokens, over heads of sequences, and over rows of weights; a tile goes
/// through as many operations as it can before the next join, while it is in the cache. Every tile
/// is cut by shapes alone, and belongs to one call.
struct DecoderPass: Sendable {
  let configuration: TransformerConfiguration
  let weights: ModelWeights
  let activations: Activations
  let scratch: ScratchPool
  /// The memory of products in bf16; nil for products in f32.
  let bfloat16: BFloat16Memory?
  /// How much of the adapters counts, where there are any, and memory for their gradients.
  let adapterUse: AdapterUse?
  let adapterMemory: FloatMemory
  /// For each entry of the configuration's ``TransformerConfiguration/layerAttention``.
  let rotaryTables: [RotaryTable?]
  let tokens: [Int32]
  let documents: DocumentRuns
  let sequenceCount: Int
  let sequenceLength: Int
  /// Where the tokens of an encoder's batch stand, where that is not what it always is.
  let places: SequencePlaces?

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

  /// The rotary table of a layer.
  func rotaryTable(ofLayer layer: Int) -> RotaryTable? { rotaryTables[layer % rotaryTables.count] }

  // MARK: Forward

  /// Runs all layers, and leaves the residual stream in `activations.output`.
  func forward() { forward(depth: configuration.layerCount) }

  /// Runs the first layers, and leaves the residual stream where the last of them has its output.
  func forward(depth: Int) {
    let grain = tileRows(tokens.count)
    if depth > 0 { prepareFirstLayer() }
    parallelFor(0..<tokens.count, grain: grain) { rows in
      embed(rows)
      if depth > 0 { project(layer: 0, rows) }
    }
    for layer in 0..<depth {
      attend(layer: layer)
      prepareForward(layer: layer, depth: depth)
      parallelFor(0..<tokens.count, grain: grain) { rows in
        feedForward(layer: layer, rows)
        if layer + 1 < depth { project(layer: layer + 1, rows) }
      }
    }
  }

  /// Computes once more what a layer's way back needs, from what the layer reads.
  func recompute(layer: Int) {
    let grain = tileRows(tokens.count)
    prepareWhole(layer: layer)
    parallelFor(0..<tokens.count, grain: grain) { rows in project(layer: layer, rows) }
    attend(layer: layer)
    parallelFor(0..<tokens.count, grain: grain) { rows in
      feedForward(layer: layer, rows, isRepeated: true)
    }
  }

  /// The attention of a layer.
  private func attend(layer: Int) {
    parallelFor(0..<sequenceCount * configuration.headCount) { units in
      for unit in units { attend(layer: layer, unit) }
    }
  }

  /// From the residual stream to rotated queries and keys, and values.
  private func project(layer: Int, _ rows: Range<Int>) {
    let (weights, activations) = (weights.layers[layer], self.activations.layers[layer])
    let source = normalized(
      activations.input.rows(rows), weights.attentionNorm, activations.attentionNorm, rows)
    let projected = activations.queryKeyValue.rows(rows)
    multiply(into: projected, source, by: weights.queryKeyValue)
    configuration.normalizeQueriesAndKeys(
      projected, weights: weights, memory: activations.queryKey.rows(rows))
    turn(rows, of: activations.queryKeyValue, layer: layer, direction: .forward)
  }

  /// Rotates the queries and keys of rows in place, by their positions in their documents.
  func turn(_ rows: Range<Int>, of projected: Matrix, layer: Int, direction: RotationDirection) {
    for run in documents.runs(of: rows) {
      configuration.turn(
        projected.rows(run.rows), table: rotaryTable(ofLayer: layer), firstRow: run.position,
        period: sequenceLength, direction: direction)
    }
  }

  /// The attention of one head over the documents of one sequence.
  private func attend(layer: Int, _ unit: Int) {
    let activations = self.activations.layers[layer]
    let number = unit / configuration.headCount
    let sequence = rows(ofSequence: number)
    let columns = columns(ofHead: unit % configuration.headCount)
    let logSums = activations.logSums.rows(unit..<unit + 1)
    for run in documents.runs(of: sequence) {
      let projected = activations.queryKeyValue.rows(run.rows)
      causalAttention(
        into: activations.attended.rows(run.rows).columns(columns.queries),
        logSums: logSums.columns(run.columns(in: sequence)),
        queries: projected.columns(columns.queries), keys: projected.columns(columns.keys),
        values: projected.columns(columns.values),
        rule: configuration.attentionRule(ofLayer: layer, keyCount: places?.lengths[number]),
        scratch: scratch)
    }
  }

  /// From the heads' outputs to the residual stream after the layer.
  ///
  /// Where it is repeated for the way back, nobody reads the stream after the layer; what a norm behind the
  /// block keeps is needed.
  private func feedForward(layer: Int, _ rows: Range<Int>, isRepeated: Bool = false) {
    let (weights, activations) = (weights.layers[layer], self.activations.layers[layer])
    let (input, middle) = (activations.input.rows(rows), activations.middle.rows(rows))
    // Where norms are behind sums, what `project` has left: what the attention has read.
    middle.copy(
      from: configuration.normPlacement == .post ? self.activations.normed.rows(rows) : input)
    addBranch(
      to: middle, activations.attended.rows(rows), weights.attentionOutput,
      weights.attentionOutputNorm, activations.attentionOutput, rows)
    let source = normalized(
      configuration.hasParallelBlocks ? input : middle, weights.feedForwardNorm,
      activations.feedForwardNorm, rows)
    let gateUp = activations.gateUp.rows(rows)
    multiply(into: gateUp, source, by: weights.gateUp)
    let hidden = self.activations.hidden.rows(rows)
    configuration.activate(into: hidden, gateUp: gateUp)
    if isRepeated && weights.feedForwardOutputNorm == nil { return }
    let output = self.activations.output(ofLayer: layer).rows(rows)
    output.copy(from: configuration.normPlacement == .post ? source : middle)
    addBranch(
      to: output, hidden, weights.down, weights.feedForwardOutputNorm,
      activations.feedForwardOutput, rows)
  }

  /// What a block reads: the norm of its input, or the input where there is no norm.
  private func normalized(
    _ input: Matrix, _ norm: NormWeights?, _ statistics: NormStatistics, _ rows: Range<Int>
  ) -> Matrix {
    guard let norm else { return input }
    let normed = self.activations.normed.rows(rows)
    configuration.normalize(
      into: normed, statistics: statistics.rows(rows), input: input, weights: norm)
    return normed
  }

  /// Adds to the residual stream what a block ends in: a product, and the norm behind it.
  private func addBranch(
    to stream: Matrix, _ input: Matrix, _ linear: LinearWeights, _ norm: NormWeights?,
    _ branch: BranchActivations, _ rows: Range<Int>
  ) {
    guard let norm else {
      multiply(into: stream, input, by: linear, keep: 1)
      return
    }
    let projected = branch.projected.rows(rows)
    multiply(into: projected, input, by: linear)
    let normed = self.activations.normed.rows(rows)
    configuration.normalize(
      into: normed, statistics: branch.norm.rows(rows), input: projected, weights: norm)
    add(normed, to: stream)
  }
}
