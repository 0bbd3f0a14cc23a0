extension ParameterLayout {
  /// The layout of a model, with the names of its family's checkpoints.
  public init(_ configuration: TransformerConfiguration) {
    let c = configuration
    let names = c.family.names
    let table = [c.vocabularySize, c.width]
    /// A matrix with a row for each token, or its factors.
    func tokenMatrix(
      _ name: String, _ factorNames: (coordinates: String, primitives: String), _ role: Role
    ) -> [TensorPlan] {
      guard let rank = c.factorRank else { return [TensorPlan(name, table, role)] }
      return [
        TensorPlan(factorNames.coordinates, [c.vocabularySize, rank], role),
        TensorPlan(factorNames.primitives, [rank, c.width], .primitives),
      ]
    }
    var list = tokenMatrix(c.embeddingName, TokenFactors.inputNames, .embedding)
    if c.hasLearnedPositions {
      list.append(
        TensorPlan(
          c.namePrefix + names.positions + ".weight",
          [c.positionOffset + c.contextLength, c.width], .positions))
    }
    if c.segmentCount > 0 {
      list.append(
        TensorPlan(
          c.namePrefix + names.segments + ".weight", [c.segmentCount, c.width], .positions))
    }
    for layer in 0..<c.layerCount {
      list += Self.layer(
        c, names, prefix: "\(c.namePrefix)\(names.layers).\(layer).",
        attentionNorm: names.attentionNorm(ofLayer: layer, c))
      list += Self.adapters(
        c, names, layer: layer, prefix: "\(c.namePrefix)\(names.layers).\(layer).")
    }
    list += Self.norm(c, names.finalNorm(c))
    if c.maskedHead != nil {
      list.append(TensorPlan(names.maskedHead.dense + ".weight", [c.width, c.width], .matrix))
      list.append(TensorPlan(names.maskedHead.dense + ".bias", [c.width], .bias))
      list += Self.norm(c, names.maskedHead.norm)
      list.append(TensorPlan(names.headBias(c), [c.vocabularySize], .bias))
    }
    if !c.tiedEmbeddings { list += tokenMatrix(c.headName, TokenFactors.outputNames, .head) }
    self.init(list)
  }

  private static func layer(
    _ c: TransformerConfiguration, _ names: TensorNames, prefix: String, attentionNorm: String
  ) -> [TensorPlan] {
    var list: [TensorPlan] = []
    /// Matrices with one input, and behind them their biases.
    func add(
      _ parts: [(name: String, rowCount: Int)], inputs: Int, hasBias: Bool,
      form: StoredForm = names.matrixForm
    ) {
      for (name, rowCount) in parts {
        list.append(TensorPlan(prefix + name + ".weight", [rowCount, inputs], .matrix, form: form))
      }
      guard hasBias else { return }
      for (name, rowCount) in parts {
        // A transposed vector is the same vector.
        let form = form == .transposed ? .plain : form
        list.append(TensorPlan(prefix + name + ".bias", [rowCount], .bias, form: form))
      }
    }
    if c.normPlacement.isBefore { list += norm(c, attentionNorm) }
    add(
      names.queryKeyValueParts(c), inputs: c.width, hasBias: c.biases.contains(.queryKeyValue),
      form: names.interleavesHeads ? .interleavedHeads(count: c.headCount) : names.matrixForm)
    if let (queries, keys) = c.queryKeyNormWidths {
      list.append(TensorPlan(prefix + names.queryNorm + ".weight", [queries], .norm))
      list.append(TensorPlan(prefix + names.keyNorm + ".weight", [keys], .norm))
    }
    add(
      [(names.attentionOutput, c.width)], inputs: c.queryWidth,
      hasBias: c.biases.contains(.attentionOutput))
    if c.normPlacement.isAfter { list += norm(c, prefix + names.attentionOutputNorm) }
    if c.normPlacement.isBefore { list += norm(c, prefix + names.feedForwardNorm) }
    add(
      names.feedForwardInput.map { ($0, c.feedForwardWidth) }, inputs: c.width,
      hasBias: c.biases.contains(.feedForward))
    add(
      [(names.feedForwardOutput, c.width)], inputs: c.feedForwardWidth,
      hasBias: c.biases.contains(.feedForward))
    if c.normPlacement.isAfter { list += norm(c, prefix + names.feedForwardOutputNorm) }
    return list
  }

  /// The adapters of a layer's matrices. B is kept transposed: a row for each rank, as A is.
  private static func adapters(
    _ c: TransformerConfiguration, _ names: TensorNames, layer: Int, prefix: String
  ) -> [TensorPlan] {
    guard let adapters = c.adapters else { return [] }
    var list: [TensorPlan] = []
    func add(_ parts: [(name: String, rowCount: Int)], inputs: Int, _ kind: LayerMatrices) {
      guard adapters.adapt(kind, ofLayer: layer) else { return }
      for (name, rowCount) in parts {
        let name = prefix + name
        list.append(TensorPlan(name + AdapterNames.a, [adapters.rank, inputs], .adapter))
        list.append(
          TensorPlan(
            name + AdapterNames.b, [adapters.rank, rowCount], .adapter, form: .transposed))
      }
    }
    add(names.queryKeyValueParts(c), inputs: c.width, .queryKeyValue)
    add([(names.attentionOutput, c.width)], inputs: c.queryWidth, .attentionOutput)
    add(
      names.feedForwardInput.map { ($0, c.feedForwardWidth) }, inputs: c.width, .feedForward)
    add([(names.feedForwardOutput, c.width)], inputs: c.feedForwardWidth, .feedForward)
    return list
  }

  private static func norm(_ c: TransformerConfiguration, _ name: String) -> [TensorPlan] {
    let weight = TensorPlan(name + c.normSuffixes.weight, [c.width], .norm)
    return c.norm.hasBias
      ? [weight, TensorPlan(name + c.normSuffixes.bias, [c.width], .bias)] : [weight]
  }
}

extension TransformerConfiguration {
  /// What stands behind the names of norms.
  var normSuffixes: (weight: String, bias: String) {
    hasOlderNormNames ? (".gamma", ".beta") : (".weight", ".bias")
  }

  /// The number of weights of the norms of queries and of keys, if there are such norms.
  var queryKeyNormWidths: (queries: Int, keys: Int)? {
    switch queryKeyNorm {
    case nil: nil
    case .perHead: (headWidth, headWidth)
    case .wholeWidth: (queryWidth, keyValueWidth)
    }
  }
}
