public import TesseraTensors

extension Transformer {
  /// The summed loss of a batch.
  ///
  /// - Precondition: Tokens are inside the vocabulary.
  public func loss(of batch: TokenBatch, workspace: TransformerWorkspace) -> BatchLoss {
    BatchLoss(tokenLosses(of: batch, workspace: workspace), targets: batch.targets)
  }

  /// The loss of each position in nats, 0 where the target is ``TokenBatch/noTarget``.
  ///
  /// - Precondition: Tokens are inside the vocabulary.
  ///
  /// - Parameters:
  ///   - batch: Sequences and targets.
  ///   - precision: The precision of matrix products, which the processor has.
  ///   - adapterRank: How many ranks of the adapters count; nil for all.
  ///   - workspace: Memory for activations.
  public func tokenLosses(
    of batch: TokenBatch, precision: Precision = .float32, adapterRank: Int? = nil,
    workspace: TransformerWorkspace
  ) -> [Float] {
    guard batch.tokenCount > 0 else { return [] }
    return withPass(
      over: batch, workspace: workspace, keeping: .none, precision: precision,
      adapterRank: adapterRank
    ) { pass in
      pass.forward()
      return pass.headLosses(targets: batch.targets)
    }
  }

  /// Adds the gradient of `scale` times the summed loss of a batch, each sequence's with its weight.
  ///
  /// - Parameters:
  ///   - batch: Sequences and targets; those without a target cost only their forward pass.
  ///   - gradient: As many floats as ``parameters``, in the same layout.
  ///   - scale: A factor for the loss, such as one over the number of targets of a step.
  ///   - scope: Which parameters; the others' gradients are left as they were, but for those of tensors that
  ///     share a product with one that is wanted.
  ///   - precision: The precision of matrix products.
  ///   - adapterRank: How many ranks of the adapters count, from the first on; nil for all. The gradients of
  ///     the others are left as they were.
  ///   - recomputes: Whether activations are computed a second time on the way back, and not kept: a third
  ///     more time, the same bits, and of each layer only its input in memory.
  ///   - workspace: Memory for the activations of every layer.
  /// - Returns: The loss, without `scale`.
  /// - Precondition: Tokens are inside the vocabulary, and the processor has the precision.
  public func accumulateGradient(
    of batch: TokenBatch, into gradient: inout [Float], scale: Float = 1,
    scope: GradientScope = .all, precision: Precision = .float32, adapterRank: Int? = nil,
    recomputes: Bool = false, workspace: TransformerWorkspace
  ) -> BatchLoss {
    precondition(gradient.count == parameters.count, "a gradient has the parameters' layout")
    guard batch.tokenCount > 0 else { return BatchLoss(sum: 0, count: 0) }
    return unsafe gradient.withUnsafeMutableBufferPointer { buffer in
      // SAFETY: the array is not empty, since a model has parameters, and stays in place until
      // the closure returns; the views die before.
      let flat = unsafe Matrix(
        base: buffer.baseAddress!, rowCount: 1, columnCount: buffer.count)
      let tables = FloatMemory(capacity: ModelWeights.tableSize(configuration))
      let views = ModelWeights(
        flat, configuration: configuration, layout: layout, scope: scope
      ).addingEmptyTables(in: tables, configuration)
      let wanted = views.wanted
      return withPass(
        over: batch, workspace: workspace, keeping: recomputes ? .inputs : .all,
        precision: precision,
        adapterRank: adapterRank
      ) { pass in
        pass.forward()
        let losses = pass.headLosses(
          targets: batch.targets,
          into: HeadGradient(
            finalNorm: wanted.finalNorm ? views.finalNorm : nil,
            maskedHead: wanted.maskedHead ? views.maskedHead : nil,
            head: wanted.head ? views.head.weight : nil,
            headRows: RangeSet(0..<configuration.vocabularySize)), scale: scale,
          sequenceWeights: batch.sequenceWeights)
        pass.backward(into: views)
        withExtendedLifetime(tables) { views.addFactorGradients(values: pass.weights) }
        return BatchLoss(losses, targets: batch.targets)
      }
    }
  }

  /// The logits of every position of one sequence, [tokens, vocabulary].
  ///
  /// For tests and for exchange with other programs; losses never make so many at once.
  ///
  /// - Parameters:
  ///   - tokens: The sequence.
  ///   - places: Where they stand, for encoders; nil where that is what it always is.
  /// - Precondition: Tokens are inside the vocabulary.
  public func logits(for tokens: [Int32], places: SequencePlaces? = nil) -> [Float] {
    guard !tokens.isEmpty else { return [] }
    var batch = TokenBatch(
      sequenceCount: 1, sequenceLength: tokens.count, inputs: tokens, targets: tokens)
    batch.places = places
    return withPass(over: batch, workspace: TransformerWorkspace(), keeping: .none) { pass in
      pass.forward()
      let normed = pass.activations.normed
      configuration.normalize(
        into: normed, statistics: pass.activations.layers[0].attentionNorm,
        input: pass.activations.output, weights: pass.weights.finalNorm)
      let memory = FloatMemory(
        capacity: FloatMemory.size(
          rowCount: tokens.count, columnCount: configuration.vocabularySize)
          + MaskedHeadActivations.size(rowCount: tokens.count, width: configuration.width))
      let logits = memory.carve(tokens.count, configuration.vocabularySize)
      let masked = configuration.maskedHead.map { _ in
        MaskedHeadActivations(
          memory: memory, rowCount: tokens.count, width: configuration.width)
      }
      multiply(into: logits, pass.headInput(normed, masked), transposed: pass.weights.head.weight)
      if let head = pass.weights.maskedHead { add(head.bias, toRowsOf: logits) }
      if let cap = configuration.logitSoftCap { softCap(logits, cap: cap) }
      return logits.elements()
    }
  }

  /// Calls the body with a pass over a batch, in the workspace's memory.
  func withPass<Result>(
    over batch: TokenBatch, workspace: TransformerWorkspace, keeping kept: KeptActivations,
    precision: Precision = .float32, adapterRank: Int? = nil, _ body: (DecoderPass) -> Result
  ) -> Result {
    precondition(precision.isAvailable, "the processor has no instructions for the precision")
    precondition(
      batch.inputs.allSatisfy { $0 >= 0 && Int($0) < configuration.vocabularySize },
      "input token out of range")
    precondition(
      batch.targets.allSatisfy { Int($0) < configuration.vocabularySize },
      "target token out of range")
    precondition(
      !configuration.hasLearnedPositions || batch.sequenceLength <= configuration.contextLength,
      "a sequence is longer than the learned positions")
    precondition(
      batch.places.map {
        configuration.objective == .maskedTokens && $0.fit(batch, configuration)
      } ?? true, "places are those of an encoder's batch")
    if configuration.adapters != nil { workspace.adapted.reset(for: configuration) }
    return withWeights { weights in
      let weights = configuration.adapters == nil ? weights : weights.adapted(in: workspace.adapted)
      return body(
        DecoderPass(
          configuration: configuration,
          weights: precision == .float32 ? weights : weights.inBFloat16(workspace.bfloat16),
          activations: Activations(
            workspace, configuration: configuration, sequenceCount: batch.sequenceCount,
            sequenceLength: batch.sequenceLength, keeping: kept),
          scratch: workspace.scratch,
          bfloat16: precision == .float32 ? nil : workspace.bfloat16,
          adapterUse: configuration.adapters.map { AdapterUse($0, rank: adapterRank) },
          adapterMemory: workspace.adapterGradients,
          rotaryTables: workspace.rotaryTables(configuration, length: batch.sequenceLength),
          tokens: batch.inputs, documents: DocumentRuns(batch),
          sequenceCount: batch.sequenceCount,
          sequenceLength: batch.sequenceLength, places: batch.places))
    }
  }

  /// Calls the body with views of the parameters, which it must only read.
  func withWeights<Result>(_ body: (ModelWeights) -> Result) -> Result {
    precondition(parameters.count == layout.count, "the number of parameters must not change")
    return unsafe parameters.withUnsafeBufferPointer { buffer in
      // SAFETY: the array is not empty and stays in place until the closure returns. The view is
      // only read: neither passes nor decoding write to weights.
      let flat = unsafe Matrix(
        base: UnsafeMutablePointer(mutating: buffer.baseAddress!), rowCount: 1,
        columnCount: buffer.count)
      let tables = FloatMemory(capacity: ModelWeights.tableSize(configuration))
      let weights = ModelWeights(flat, configuration: configuration, layout: layout)
        .expandingFactors(in: tables, configuration)
      return withExtendedLifetime(tables) {
        guard configuration.norm == .rmsWithUnitOffset else { return body(weights) }
        let memory = FloatMemory(capacity: ModelWeights.unitOffsetSize(configuration))
        return withExtendedLifetime(memory) { body(weights.addingUnitOffsets(in: memory)) }
      }
    }
  }
}

extension BatchLoss {
  /// The sum of losses in the order of positions.
  init(_ losses: [Float], targets: [Int32]) {
    sum = losses.reduce(0.0) { $0 + Double($1) }
    count = targets.count { $0 >= 0 }
  }
}
