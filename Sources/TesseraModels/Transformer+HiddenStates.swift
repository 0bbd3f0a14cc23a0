import TesseraTensors

// Hidden states, and gradients that end at the rows which were looked up.
//
// Depth d is the residual stream after d layers, from 0, the embedding, on; that of all layers is the
// final norm's output, which the head reads. Where norms are behind sums, the states of every depth are the
// output of the norm there. transformers counts its `hidden_states` in the same way.

extension Transformer {
  /// The hidden states of a batch at a depth, [tokens, width].
  ///
  /// - Parameters:
  ///   - batch: The sequences; their targets count for nothing.
  ///   - depth: How many layers are passed: 0 gives rows of the embedding, and the number of layers
  ///     what the head reads.
  ///   - workspace: Memory for activations.
  /// - Precondition: Tokens are inside the vocabulary, and there are as many layers.
  public func hiddenStates(
    of batch: TokenBatch, depth: Int, workspace: TransformerWorkspace
  ) -> [Float] {
    precondition((0...configuration.layerCount).contains(depth), "there is no such depth")
    guard batch.tokenCount > 0 else { return [] }
    return withPass(over: batch, workspace: workspace, keeping: .none) { pass in
      pass.forward(depth: depth)
      return pass.withStates(depth: depth) { states, _ in states.elements() }
    }
  }

  /// The hidden states of a batch at every depth, from 0 to the number of layers, each [tokens, width].
  ///
  /// - Parameters:
  ///   - batch: The sequences; their targets count for nothing.
  ///   - workspace: Memory for the activations of all layers.
  /// - Precondition: Tokens are inside the vocabulary.
  public func hiddenStates(of batch: TokenBatch, workspace: TransformerWorkspace) -> [[Float]] {
    guard batch.tokenCount > 0 else { return [] }
    return withPass(over: batch, workspace: workspace, keeping: .all) { pass in
      pass.forward()
      return (0...configuration.layerCount).map { depth in
        pass.withStates(depth: depth) { states, _ in states.elements() }
      }
    }
  }

  /// The loss of each position in nats, 0 without a target, and the states that the head read,
  /// [tokens, width].
  ///
  /// - Precondition: Tokens are inside the vocabulary.
  public func lossesAndStates(
    of batch: TokenBatch, workspace: TransformerWorkspace
  ) -> (losses: [Float], states: [Float]) {
    guard batch.tokenCount > 0 else { return ([], []) }
    return withPass(over: batch, workspace: workspace, keeping: .none) { pass in
      pass.forward()
      let losses = pass.headLosses(targets: batch.targets)
      return (
        losses,
        pass.withStates(depth: configuration.layerCount) { states, _ in states.elements() }
      )
    }
  }

  /// The gradient of a function of hidden states with respect to the rows that were looked up.
  ///
  /// - Parameters:
  ///   - batch: The sequences; their targets count for nothing.
  ///   - depth: As for ``hiddenStates(of:depth:workspace:)``.
  ///   - workspace: Memory for the activations of the layers.
  ///   - stateGradient: Gets the states, [tokens, width], and gives the function's gradient with
  ///     respect to each of them.
  /// - Returns: [tokens, width]: for each position, the gradient with respect to the row that it
  ///   looked up. The gradient of a token's row is the sum over its positions.
  /// - Precondition: Tokens are inside the vocabulary, and there are as many layers.
  public func inputGradient(
    of batch: TokenBatch, depth: Int, workspace: TransformerWorkspace,
    stateGradient: (_ states: [Float]) -> [Float]
  ) -> [Float] {
    precondition((0...configuration.layerCount).contains(depth), "there is no such depth")
    guard batch.tokenCount > 0 else { return [] }
    return withPass(over: batch, workspace: workspace, keeping: .all) { pass in
      pass.forward(depth: depth)
      pass.withStates(depth: depth) { states, statistics in
        let gradient = stateGradient(states.elements())
        pass.setGradient(gradient, depth: depth, statistics: statistics)
      }
      return pass.inputGradient(depth: depth)
    }
  }

  /// The gradient of a function of hidden states with respect to the rows that were looked up, and that of
  /// `scale` times the summed loss with respect to some rows of the head, by one pass forward.
  ///
  /// - Parameters:
  ///   - batch: Sequences and targets.
  ///   - depth: As for ``hiddenStates(of:depth:workspace:)``.
  ///   - headRows: As for ``rowGradients(of:headRows:scale:reachesInputs:workspace:)``.
  ///   - scale: A factor for the loss.
  ///   - workspace: Memory for the activations of the layers.
  ///   - stateGradient: As for ``inputGradient(of:depth:workspace:stateGradient:)``.
  /// - Returns: The loss without `scale`; [tokens, width], of the function of states alone;
  ///   [headRows, width], of the loss alone.
  /// - Precondition: Tokens are inside the vocabulary, and so are the rows; there are as many layers.
  public func rowGradients(
    of batch: TokenBatch, depth: Int, headRows: RangeSet<Int>, scale: Float = 1,
    workspace: TransformerWorkspace, stateGradient: (_ states: [Float]) -> [Float]
  ) -> (loss: BatchLoss, inputs: [Float], head: [Float]) {
    precondition((0...configuration.layerCount).contains(depth), "there is no such depth")
    return withHeadGradient(of: headRows) { gradient in
      guard batch.tokenCount > 0 else { return (BatchLoss(sum: 0, count: 0), []) }
      return withPass(over: batch, workspace: workspace, keeping: .all) { pass in
        pass.forward()
        // Before the pass backward, which works in the memory of some activations.
        let losses = pass.headLosses(
          targets: batch.targets, into: gradient, scale: scale, reachesStream: false)
        pass.withStates(depth: depth) { states, statistics in
          pass.setGradient(
            stateGradient(states.elements()), depth: depth, statistics: statistics)
        }
        return (
          BatchLoss(losses, targets: batch.targets), pass.inputGradient(depth: depth)
        )
      }
    }
  }

  /// The gradients of `scale` times the summed loss of a batch with respect to the rows that were looked
  /// up, and to some rows of the head. All other parameters are taken as constants.
  ///
  /// - Parameters:
  ///   - batch: Sequences and targets.
  ///   - headRows: Which rows of the head; in a tied model they are rows of the embedding, and this is
  ///     their gradient as rows of the head alone.
  ///   - scale: A factor for the loss.
  ///   - reachesInputs: Whether the gradient of the looked-up rows is wanted, which takes a pass backward.
  ///   - workspace: Memory for activations.
  /// - Returns: The loss without `scale`; [tokens, width], or nothing if it is not wanted;
  ///   [headRows, width].
  /// - Precondition: Tokens are inside the vocabulary, and so are the rows.
  public func rowGradients(
    of batch: TokenBatch, headRows: RangeSet<Int>, scale: Float = 1, reachesInputs: Bool,
    workspace: TransformerWorkspace
  ) -> (loss: BatchLoss, inputs: [Float], head: [Float]) {
    withHeadGradient(of: headRows) { gradient in
      guard batch.tokenCount > 0 else { return (BatchLoss(sum: 0, count: 0), []) }
      return withPass(over: batch, workspace: workspace, keeping: reachesInputs ? .all : .none) {
        pass in
        pass.forward()
        let losses = pass.headLosses(targets: batch.targets, into: gradient, scale: scale)
        let inputs =
          reachesInputs ? pass.inputGradient(depth: configuration.layerCount) : []
        return (BatchLoss(losses, targets: batch.targets), inputs)
      }
    }
  }

  /// Calls the body with memory for the gradient of some rows of the head, cleared, and gives what is in it
  /// afterwards.
  private func withHeadGradient(
    of rows: RangeSet<Int>, _ body: (HeadGradient) -> (loss: BatchLoss, inputs: [Float])
  ) -> (loss: BatchLoss, inputs: [Float], head: [Float]) {
    precondition(
      rows.isSubset(of: RangeSet(0..<configuration.vocabularySize)), "rows are inside the head")
    let headRowCount = rows.ranges.reduce(0) { $0 + $1.count }
    let size = FloatMemory.size(rowCount: headRowCount, columnCount: configuration.width)
    let memory = FloatMemory(capacity: size)
    let head = memory.carve(headRowCount, configuration.width)
    head.fill(with: 0)
    let found = body(HeadGradient(finalNorm: nil, head: head, headRows: rows))
    return withExtendedLifetime(memory) { (found.loss, found.inputs, head.elements()) }
  }
}

extension DecoderPass {
  /// The residual stream after some layers.
  private func stream(atDepth depth: Int) -> Matrix {
    depth == 0 ? activations.layers[0].input : activations.output(ofLayer: depth - 1)
  }

  /// The norm whose output the states of a depth are, if they are one's.
  private func stateNorm(atDepth depth: Int) -> NormWeights? {
    if depth == configuration.layerCount { return weights.finalNorm }
    return configuration.normPlacement == .post ? weights.layers[depth].attentionNorm : nil
  }

  /// Calls the body with the hidden states at a depth, and with what their norm keeps where they are
  /// the output of one.
  func withStates<Result>(
    depth: Int, _ body: (_ states: Matrix, _ statistics: NormStatistics?) -> Result
  ) -> Result {
    let stream = stream(atDepth: depth)
    guard let norm = stateNorm(atDepth: depth) else { return body(stream, nil) }
    let memory = FloatMemory(
      capacity: FloatMemory.size(rowCount: tokens.count, columnCount: configuration.width)
        + 2 * FloatMemory.size(rowCount: 1, columnCount: tokens.count))
    let states = memory.carve(tokens.count, configuration.width)
    let statistics = NormStatistics(
      scale: memory.carve(1, tokens.count), mean: memory.carve(1, tokens.count))
    configuration.normalize(
      into: states, statistics: statistics, input: stream, weights: norm)
    return withExtendedLifetime(memory) { body(states, statistics) }
  }

  /// Leaves the gradient of the residual stream where a pass backward starts, from that of the states.
  ///
  /// - Parameters:
  ///   - gradient: [tokens, width].
  ///   - depth: Where the states are.
  ///   - statistics: What their norm keeps, if they are the output of one.
  func setGradient(_ gradient: [Float], depth: Int, statistics: NormStatistics?) {
    guard let stream = activations.gradients?.stream[0] else {
      preconditionFailure("a backward pass needs the activations of every layer")
    }
    stream.copy(from: gradient.span)
    guard let statistics, let norm = stateNorm(atDepth: depth) else { return }
    configuration.normalizeBackward(
      into: stream, residual: nil, outputGradient: stream, input: self.stream(atDepth: depth),
      weights: norm, statistics: statistics, gradient: nil, normed: nil)
  }
}
