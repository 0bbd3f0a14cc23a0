import TesseraTensors

// The operations of a model as its configuration wants them. Which it is, is asked once for a tile of
// rows; what loops over elements is in the kernels.

/// What a norm keeps of its forward pass for its backward pass.
struct NormStatistics: Sendable {
  /// [1, rows]
  let scale: Matrix
  /// [1, rows] of layer norms; without elements for others.
  let mean: Matrix

  /// Those of some rows.
  func rows(_ range: Range<Int>) -> NormStatistics {
    NormStatistics(
      scale: scale.columns(range), mean: mean.rowCount == 0 ? mean : mean.columns(range))
  }
}

extension TransformerConfiguration {
  /// Normalizes rows of the residual stream, or of what is added to it.
  func normalize(
    into output: Matrix, statistics: NormStatistics, input: Matrix, weights: NormWeights
  ) {
    if let bias = weights.bias {
      layerNorm(
        into: output, scale: statistics.scale, mean: statistics.mean, input: input,
        weight: weights.weight, bias: bias, epsilon: normEpsilon)
    } else {
      rmsNorm(
        into: output, scale: statistics.scale, input: input, weight: weights.weight,
        epsilon: normEpsilon)
    }
  }

  /// Adds the gradient of a norm to `residual`, if there is one.
  ///
  /// The gradients of its parameters are added to `gradient`, and its output is computed once more
  /// into `normed`, if they are wanted.
  func normalizeBackward(
    into inputGradient: Matrix, residual: Matrix?, outputGradient: Matrix, input: Matrix,
    weights: NormWeights, statistics: NormStatistics, gradient: NormWeights?, normed: Matrix?
  ) {
    if let bias = weights.bias {
      layerNormBackward(
        into: inputGradient, residual: residual, outputGradient: outputGradient, input: input,
        weight: weights.weight, bias: bias, scale: statistics.scale, mean: statistics.mean,
        parameterGradients: gradient.flatMap { gradient in
          gradient.bias.map { (gradient.weight, $0) }
        }, normed: normed)
    } else {
      rmsNormBackward(
        into: inputGradient, residual: residual, outputGradient: outputGradient, input: input,
        weight: weights.weight, scale: statistics.scale, weightGradient: gradient?.weight,
        normed: normed)
    }
  }

  /// Applies the function of the feed-forward block.
  func activate(into hidden: Matrix, gateUp: Matrix) {
    activate(into: hidden, gateUp: gateUp, feedForward)
  }

  /// Applies the function of a block.
  func activate(into hidden: Matrix, gateUp: Matrix, _ block: FeedForwardBlock) {
    switch block {
    case .swiGLU: swiGLU(into: hidden, gateUp: gateUp)
    case .geGLU: gelu(into: hidden, input: gateUp, variant: .exact, gated: true)
    case .geGLUTanh: gelu(into: hidden, input: gateUp, variant: .tanh, gated: true)
    case .gelu: gelu(into: hidden, input: gateUp, variant: .exact, gated: false)
    case .geluTanh: gelu(into: hidden, input: gateUp, variant: .tanh, gated: false)
    }
  }

  /// Turns activations into gradients in place; `hidden` gets the forward output.
  func activateBackward(hidden: Matrix, gateUp: Matrix) {
    activateBackward(hidden: hidden, gateUp: gateUp, feedForward)
  }

  /// The same for the function of any block.
  func activateBackward(hidden: Matrix, gateUp: Matrix, _ block: FeedForwardBlock) {
    switch block {
    case .swiGLU: swiGLUBackward(hidden: hidden, gateUp: gateUp)
    case .geGLU: geluBackward(hidden: hidden, input: gateUp, variant: .exact, gated: true)
    case .geGLUTanh: geluBackward(hidden: hidden, input: gateUp, variant: .tanh, gated: true)
    case .gelu: geluBackward(hidden: hidden, input: gateUp, variant: .exact, gated: false)
    case .geluTanh: geluBackward(hidden: hidden, input: gateUp, variant: .tanh, gated: false)
    }
  }

  /// Rotates the queries and keys of rows in place.
  ///
  /// - Parameters:
  ///   - projected: [rows, queryWidth + 2 * keyValueWidth]
  ///   - table: The layer's table; nil where nothing is rotated.
  func turn(
    _ projected: Matrix, table: RotaryTable?, firstRow: Int, period: Int,
    direction: RotationDirection
  ) {
    guard let table else { return }
    rotate(
      projected.columns(0..<queryWidth + keyValueWidth), headWidth: headWidth, table: table,
      firstRow: firstRow, period: period, direction: direction)
  }

  /// Normalizes queries and keys in place, after a copy of them.
  ///
  /// - Parameters:
  ///   - projected: [rows, queryWidth + 2 * keyValueWidth]
  ///   - memory: What the backward pass needs.
  func normalizeQueriesAndKeys(
    _ projected: Matrix, weights: LayerWeights, memory: QueryKeyMemory
  ) {
    guard let queryNorm = weights.queryNorm, let keyNorm = weights.keyNorm else { return }
    let (queries, keys) = (0..<queryWidth, queryWidth..<queryWidth + keyValueWidth)
    memory.unnormed.copy(from: projected.columns(0..<keys.upperBound))
    rmsNorm(
      into: projected.columns(queries), scale: memory.queryScale,
      input: memory.unnormed.columns(queries), weight: queryNorm, epsilon: normEpsilon)
    rmsNorm(
      into: projected.columns(keys), scale: memory.keyScale, input: memory.unnormed.columns(keys),
      weight: keyNorm, epsilon: normEpsilon)
  }
}

/// What the norms of queries and keys keep for their backward pass; without elements where there are none.
struct QueryKeyMemory: Sendable {
  /// [rows, queryWidth + keyValueWidth]: queries and keys before the norm.
  let unnormed: Matrix
  /// [rows, groups]: as many as heads, or one.
  let queryScale: Matrix
  let keyScale: Matrix

  /// The shapes of the three.
  static func shapes(rows: Int, _ c: TransformerConfiguration) -> [(Int, Int)] {
    guard let widths = c.queryKeyNormWidths else { return [(0, 0), (0, 0), (0, 0)] }
    return [
      (rows, c.queryWidth + c.keyValueWidth), (rows, c.queryWidth / widths.queries),
      (rows, c.keyValueWidth / widths.keys),
    ]
  }

  /// That of some rows.
  func rows(_ range: Range<Int>) -> QueryKeyMemory {
    if unnormed.rowCount == 0 { return self }
    return QueryKeyMemory(
      unnormed: unnormed.rows(range), queryScale: queryScale.rows(range),
      keyScale: keyScale.rows(range))
  }
}
