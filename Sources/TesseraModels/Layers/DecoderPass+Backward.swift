import TesseraBasics
import TesseraTensors

// The backward pass. The residual stream's gradient moves through three matrices in turn: after a
// layer, between its two blocks, before it; the gradients of the weights need the first two.

extension DecoderPass {
  /// Runs all layers backward, from the gradient of the residual stream after the last one.
  ///
  /// The gradient starts in `stream[0]` of the gradient activations. Only gradients that are wanted are
  /// added to, and the layers before the first one that one of them is of are left out.
  func backward(into gradient: ModelWeights) {
    let first =
      gradient.wanted.needsStart
      ? 0 : gradient.layers.firstIndex { $0.hasNorms || $0.wantsProducts }
    guard let first else { return }
    let stream = backward(
      depth: configuration.layerCount, downTo: first, into: gradient)
    embedBackward(stream, into: gradient)
  }

  /// The gradient with respect to the rows of the embedding that were looked up, [tokens, width], after
  /// a pass backward through the first layers.
  func inputGradient(depth: Int) -> [Float] {
    let gradient = backward(depth: depth).elements()
    let scale = configuration.embeddingScale
    return scale == 1 ? gradient : gradient.map { $0 * scale }
  }

  /// Runs the first layers backward, from the gradient of the residual stream after the last of them.
  ///
  /// - Parameters:
  ///   - depth: How many layers.
  ///   - first: The layer that the way ends with.
  ///   - gradient: What the gradients of their weights are added to, if they are wanted.
  /// - Returns: [tokens, width]: the gradient of the residual stream before that layer.
  func backward(depth: Int, downTo first: Int = 0, into gradient: ModelWeights? = nil) -> Matrix {
    guard let memory = activations.gradients else {
      preconditionFailure("a backward pass needs the activations of every layer")
    }
    let grain = tileRows(tokens.count)
    var stream = memory.stream
    for layer in (first..<depth).reversed() {
      let (after, within, before) = (stream[0], stream[1], stream[2])
      let wanted = WantedOfLayer(gradient?.layers[layer])
      if activations.recomputes { recompute(layer: layer) }
      prepareBackward(layer: layer)
      parallelFor(0..<tokens.count, grain: grain) { rows in
        feedForwardBackward(layer: layer, rows, after, within, memory, wanted)
      }
      if let gradient = gradient?.layers[layer] {
        memory.partials.add(.feedForwardOutput, to: gradient.feedForwardOutputNorm)
        memory.partials.add(.feedForward, to: gradient.feedForwardNorm)
        memory.partials.add(.attentionOutput, to: gradient.attentionOutputNorm)
      }
      parallelFor(0..<sequenceCount * configuration.keyValueHeadCount) { units in
        for unit in units { attendBackward(layer: layer, unit, memory) }
      }
      parallelFor(0..<tokens.count, grain: grain) { rows in
        projectBackward(layer: layer, rows, within, before, memory, wanted)
      }
      if let gradient = gradient?.layers[layer] {
        memory.partials.add(.attention, to: gradient.attentionNorm)
        memory.partials.add(.queries, to: gradient.queryNorm.map { NormWeights($0) })
        memory.partials.add(.keys, to: gradient.keyNorm.map { NormWeights($0) })
        addWeightGradients(layer: layer, after, within, memory, to: gradient)
      }
      stream = [before, after, within]
    }
    return stream[0]
  }

  /// From the stream's gradient after the layer to that between its blocks, and on to the
  /// gradient of the heads' outputs.
  private func feedForwardBackward(
    layer: Int, _ rows: Range<Int>, _ after: Matrix, _ within: Matrix,
    _ memory: GradientActivations, _ wanted: WantedOfLayer
  ) {
    let (weights, activations) = (weights.layers[layer], self.activations.layers[layer])
    let (after, within) = (after.rows(rows), within.rows(rows))
    let branch = branchBackward(
      after, weights.feedForwardOutputNorm, activations.feedForwardOutput,
      memory.feedForwardOutput, partials(memory, .feedForwardOutput, rows, wanted.norms), rows)
    let hidden = self.activations.hidden.rows(rows)
    multiplyBackward(into: hidden, branch, by: weights.down)
    let gateUp = activations.gateUp.rows(rows)
    configuration.activateBackward(hidden: hidden, gateUp: gateUp)
    if let norm = weights.feedForwardNorm {
      let isPost = configuration.normPlacement == .post
      if isPost { within.copy(from: after) }
      multiplyBackward(into: within, gateUp, by: weights.gateUp, keep: isPost ? 1 : 0)
      configuration.normalizeBackward(
        into: within, residual: isPost ? nil : after, outputGradient: within,
        input: feedForwardInput(activations).rows(rows), weights: norm,
        statistics: activations.feedForwardNorm.rows(rows),
        gradient: partials(memory, .feedForward, rows, wanted.norms),
        normed: wanted.products ? self.activations.normed.rows(rows) : nil)
    } else {
      within.copy(from: after)
      multiplyBackward(into: within, gateUp, by: weights.gateUp, keep: 1)
    }
    let attention = branchBackward(
      configuration.hasParallelBlocks ? after : within, weights.attentionOutputNorm,
      activations.attentionOutput, memory.attentionOutput,
      partials(memory, .attentionOutput, rows, wanted.norms), rows)
    multiplyBackward(into: memory.attended.rows(rows), attention, by: weights.attentionOutput)
  }

  /// The part of the residual stream that the feed-forward block reads, before its norm.
  private func feedForwardInput(_ activations: LayerActivations) -> Matrix {
    configuration.hasParallelBlocks ? activations.input : activations.middle
  }

  /// The gradient of what a block's last product gave: that of the stream, or where a norm is behind the
  /// product, the norm's.
  private func branchBackward(
    _ stream: Matrix, _ norm: NormWeights?, _ branch: BranchActivations, _ gradient: Matrix,
    _ partials: NormWeights?, _ rows: Range<Int>
  ) -> Matrix {
    guard let norm else { return stream }
    let gradient = gradient.rows(rows)
    configuration.normalizeBackward(
      into: gradient, residual: nil, outputGradient: stream, input: branch.projected.rows(rows),
      weights: norm, statistics: branch.norm.rows(rows), gradient: partials, normed: nil)
    return gradient
  }

  /// The attention of the heads that share one head of keys and values, over one sequence.
  private func attendBackward(layer: Int, _ unit: Int, _ memory: GradientActivations) {
    let c = configuration
    let activations = self.activations.layers[layer]
    let sequence = unit / c.keyValueHeadCount
    let group = c.headCount / c.keyValueHeadCount
    let firstHead = unit % c.keyValueHeadCount * group
    let rows = rows(ofSequence: sequence)
    let shared = columns(ofHead: firstHead)
    memory.queryKeyValue.rows(rows).columns(shared.keys).fill(with: 0)
    memory.queryKeyValue.rows(rows).columns(shared.values).fill(with: 0)
    for run in documents.runs(of: rows) {
      let projected = activations.queryKeyValue.rows(run.rows)
      let gradient = memory.queryKeyValue.rows(run.rows)
      for head in firstHead..<firstHead + group {
        let columns = columns(ofHead: head)
        let logSumRow = sequence * c.headCount + head
        causalAttentionBackward(
          into: CausalAttentionGradient(
            queries: gradient.columns(columns.queries), keys: gradient.columns(columns.keys),
            values: gradient.columns(columns.values)),
          outputGradient: memory.attended.rows(run.rows).columns(columns.queries),
          output: activations.attended.rows(run.rows).columns(columns.queries),
          logSums: activations.logSums.rows(logSumRow..<logSumRow + 1)
            .columns(run.columns(in: rows)),
          queries: projected.columns(columns.queries), keys: projected.columns(columns.keys),
          values: projected.columns(columns.values),
          rule: configuration.attentionRule(
            ofLayer: layer, keyCount: places?.lengths[sequence]), scratch: scratch)
      }
    }
  }

  /// From the gradients of queries, keys and values to the stream's gradient before the layer.
  private func projectBackward(
    layer: Int, _ rows: Range<Int>, _ within: Matrix, _ before: Matrix,
    _ memory: GradientActivations, _ wanted: WantedOfLayer
  ) {
    let (weights, activations) = (weights.layers[layer], self.activations.layers[layer])
    let gradient = memory.queryKeyValue.rows(rows)
    turn(rows, of: memory.queryKeyValue, layer: layer, direction: .backward)
    normalizeQueriesAndKeysBackward(
      gradient, weights, activations.queryKey.rows(rows), memory, rows, wanted)
    let (within, before) = (within.rows(rows), before.rows(rows))
    guard let norm = weights.attentionNorm else {
      before.copy(from: within)
      multiplyBackward(into: before, gradient, by: weights.queryKeyValue, keep: 1)
      return
    }
    let isPost = configuration.normPlacement == .post
    if isPost { before.copy(from: within) }
    multiplyBackward(into: before, gradient, by: weights.queryKeyValue, keep: isPost ? 1 : 0)
    configuration.normalizeBackward(
      into: before, residual: isPost ? nil : within, outputGradient: before,
      input: activations.input.rows(rows),
      weights: norm, statistics: activations.attentionNorm.rows(rows),
      gradient: partials(memory, .attention, rows, wanted.norms),
      normed: wanted.products ? memory.attentionNormed.rows(rows) : nil)
  }

  /// The gradients of queries and keys before their norms, in place.
  private func normalizeQueriesAndKeysBackward(
    _ gradient: Matrix, _ weights: LayerWeights, _ forward: QueryKeyMemory,
    _ memory: GradientActivations, _ rows: Range<Int>, _ wanted: WantedOfLayer
  ) {
    let c = configuration
    let parts: [(NormPartials.Site, Matrix?, Matrix, Range<Int>)] = [
      (.queries, weights.queryNorm, forward.queryScale, 0..<c.queryWidth),
      (.keys, weights.keyNorm, forward.keyScale, c.queryWidth..<c.queryWidth + c.keyValueWidth),
    ]
    for (site, weight, scale, columns) in parts {
      guard let weight else { continue }
      let part = gradient.columns(columns)
      rmsNormBackward(
        into: part, residual: nil, outputGradient: part, input: forward.unnormed.columns(columns),
        weight: weight, scale: scale,
        weightGradient: partials(memory, site, rows, wanted.norms)?.weight, normed: nil)
    }
  }

  /// The tile's own rows for the gradient of a norm's weights, cleared; nil where nobody wants them or
  /// there is no norm.
  private func partials(
    _ memory: GradientActivations, _ site: NormPartials.Site, _ rows: Range<Int>, _ isWanted: Bool
  ) -> NormWeights? {
    isWanted ? memory.partials.rows(site, tile: rows.lowerBound / tileRows(tokens.count)) : nil
  }

  /// The gradients of the layer's matrices, in a fork over blocks of their rows.
  private func addWeightGradients(
    layer: Int, _ after: Matrix, _ within: Matrix, _ memory: GradientActivations,
    to gradient: LayerWeights
  ) {
    let activations = self.activations.layers[layer]
    let stream = configuration.hasParallelBlocks ? after : within
    let hasOutputNorms = configuration.normPlacement.isAfter
    let hasInputNorms = configuration.normPlacement.isBefore
    let weights = weights.layers[layer]
    let products = [
      WeightGradientProduct(
        weights: weights.gateUp, gradient: gradient.gateUp, outputGradient: activations.gateUp,
        input: hasInputNorms ? self.activations.normed : feedForwardInput(activations)),
      WeightGradientProduct(
        weights: weights.down, gradient: gradient.down,
        outputGradient: hasOutputNorms ? memory.feedForwardOutput : after,
        input: self.activations.hidden),
      WeightGradientProduct(
        weights: weights.queryKeyValue, gradient: gradient.queryKeyValue,
        outputGradient: memory.queryKeyValue,
        input: hasInputNorms ? memory.attentionNormed : activations.input),
      WeightGradientProduct(
        weights: weights.attentionOutput, gradient: gradient.attentionOutput,
        outputGradient: hasOutputNorms ? memory.attentionOutput : stream,
        input: activations.attended),
    ]
    TesseraModels.addWeightGradients(products, in: bfloat16)
    addAdapterGradients(products, adapterUse, in: adapterMemory)
  }
}

/// Which gradients of a layer are wanted.
private struct WantedOfLayer: Sendable {
  let norms: Bool
  /// Of matrices or adapters, which need what the norms before them gave.
  let products: Bool

  init(_ gradient: LayerWeights?) {
    norms = gradient?.hasNorms ?? false
    products = gradient?.wantsProducts ?? false
  }
}
