import TesseraTensors

/// Views of the parameters of a norm, or of their gradients.
struct NormWeights: Sendable {
  /// [1, width]
  let weight: Matrix
  /// [1, width], where the norm has one.
  let bias: Matrix?

  init(weight: Matrix, bias: Matrix?) {
    self.weight = weight
    self.bias = bias
  }

  /// Those of a norm without a bias.
  init(_ weight: Matrix) { self.init(weight: weight, bias: nil) }
}

/// Views of a matrix and its bias, or of their gradients.
struct LinearWeights: Sendable {
  /// [outputs, inputs]
  let weight: Matrix
  /// [1, outputs], where there is one.
  let bias: Matrix?
  /// The matrix in bf16, where products are in bf16.
  var bfloat16: BFloat16Linear?
}

/// Views of one layer's tensors, of its parameters or of their gradients.
struct LayerWeights: Sendable {
  /// The norm before the attention.
  var attentionNorm: NormWeights?
  /// [queryWidth + 2 * keyValueWidth, width]: queries, keys and values, one after the other.
  var queryKeyValue: LinearWeights
  /// [1, headWidth], or [1, queryWidth] and [1, keyValueWidth].
  var queryNorm: Matrix?
  var keyNorm: Matrix?
  /// [width, queryWidth]
  var attentionOutput: LinearWeights
  /// The norm behind the attention.
  var attentionOutputNorm: NormWeights?
  /// The norm before the feed-forward block.
  var feedForwardNorm: NormWeights?
  /// [2 * feedForwardWidth, width]: gate, then up; or up alone.
  var gateUp: LinearWeights
  /// [width, feedForwardWidth]
  var down: LinearWeights
  /// The norm behind the feed-forward block.
  var feedForwardOutputNorm: NormWeights?
}

/// Views of all tensors of a model, of its parameters or of their gradients.
struct ModelWeights: Sendable {
  /// [vocabulary, width]
  let embedding: Matrix
  /// [context, width], where positions are learned: from the row of the first position on.
  let positions: Matrix?
  /// [segments, width], where there are any.
  let segments: Matrix?
  var layers: [LayerWeights]
  var finalNorm: NormWeights
  /// What stands before the head of an encoder.
  let maskedHead: MaskedHeadWeights?
  /// [vocabulary, width]; the embedding where tied.
  var head: LinearHead

  /// Cuts the flat array, given as one row.
  init(_ flat: Matrix, configuration c: TransformerConfiguration, layout: ParameterLayout) {
    precondition(flat.count == layout.count)
    let names = c.family.names
    /// The tensors from one name to another, which follow each other.
    func view(_ first: String, _ last: String, _ columnCount: Int) -> Matrix {
      guard let first = layout[first], let last = layout[last] else {
        preconditionFailure("the layout lacks a tensor of the family")
      }
      let range = first.range.lowerBound..<last.range.upperBound
      return flat.columns(range).reshaped(
        rowCount: range.count / columnCount, columnCount: columnCount)
    }
    func vector(_ name: String) -> Matrix { view(name, name, c.width) }
    func norm(_ name: String, _ isThere: Bool = true) -> NormWeights? {
      guard isThere else { return nil }
      return NormWeights(
        weight: vector(name + c.normSuffixes.weight),
        bias: c.norm.hasBias ? vector(name + c.normSuffixes.bias) : nil)
    }
    func table(_ name: String) -> Matrix { view(name + ".weight", name + ".weight", c.width) }

    embedding = table(c.namePrefix + names.embedding)
    positions =
      c.hasLearnedPositions
      ? table(c.namePrefix + names.positions).rows(
        c.positionOffset..<c.positionOffset + c.contextLength) : nil
    segments = c.segmentCount > 0 ? table(c.namePrefix + names.segments) : nil
    layers = (0..<c.layerCount).map { layer in
      let prefix = "\(c.namePrefix)\(names.layers).\(layer)."
      func linear(
        _ modules: [String], inputs: Int, outputs: Int, _ kind: BiasedMatrices
      ) -> LinearWeights {
        let (first, last) = (prefix + modules[0], prefix + modules[modules.count - 1])
        return LinearWeights(
          weight: view(first + ".weight", last + ".weight", inputs),
          bias: c.biases.contains(kind) ? view(first + ".bias", last + ".bias", outputs) : nil)
      }
      let widths = c.queryKeyNormWidths
      func heads(_ name: String, _ width: Int) -> Matrix {
        view(prefix + name + ".weight", prefix + name + ".weight", width)
      }
      return LayerWeights(
        attentionNorm: norm(
          names.attentionNorm(ofLayer: layer, c), c.normPlacement.isBefore),
        queryKeyValue: linear(
          names.queryKeyValue, inputs: c.width, outputs: c.queryWidth + 2 * c.keyValueWidth,
          .queryKeyValue),
        queryNorm: widths.map { heads(names.queryNorm, $0.queries) },
        keyNorm: widths.map { heads(names.keyNorm, $0.keys) },
        attentionOutput: linear(
          [names.attentionOutput], inputs: c.queryWidth, outputs: c.width, .attentionOutput),
        attentionOutputNorm: norm(prefix + names.attentionOutputNorm, c.normPlacement.isAfter),
        feedForwardNorm: norm(prefix + names.feedForwardNorm, c.normPlacement.isBefore),
        gateUp: linear(
          names.feedForwardInput, inputs: c.width,
          outputs: c.feedForward.inputCount * c.feedForwardWidth, .feedForward),
        down: linear(
          [names.feedForwardOutput], inputs: c.feedForwardWidth, outputs: c.width, .feedForward),
        feedForwardOutputNorm: norm(
          prefix + names.feedForwardOutputNorm, c.normPlacement.isAfter))
    }
    func alwaysNorm(_ name: String) -> NormWeights {
      guard let norm = norm(name) else { preconditionFailure("the norm is always there") }
      return norm
    }
    finalNorm = alwaysNorm(names.finalNorm(c))
    maskedHead = c.maskedHead.map { _ in
      MaskedHeadWeights(
        dense: LinearWeights(
          weight: table(names.maskedHead.dense), bias: vector(names.maskedHead.dense + ".bias")),
        norm: alwaysNorm(names.maskedHead.norm),
        bias: view(names.headBias(c), names.headBias(c), c.vocabularySize))
    }
    head = LinearHead(
      weight: c.tiedEmbeddings ? embedding : view(c.headName, c.headName, c.width))
  }
}
