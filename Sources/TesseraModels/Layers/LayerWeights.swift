import TesseraTensors

/// Views of one layer's tensors, of its parameters or of their gradients.
struct LayerWeights: Sendable {
  /// [1, width]
  let attentionNorm: Matrix
  /// [queryWidth + 2 * keyValueWidth, width]: queries, keys and values, one after the other.
  let queryKeyValue: Matrix
  /// [width, queryWidth]
  let attentionOutput: Matrix
  /// [1, width]
  let feedForwardNorm: Matrix
  /// [2 * feedForwardWidth, width]: gate, then up.
  let gateUp: Matrix
  /// [width, feedForwardWidth]
  let down: Matrix
}

/// Views of all tensors of a model, of its parameters or of their gradients.
struct ModelWeights: Sendable {
  /// [vocabulary, width]
  let embedding: Matrix
  let layers: [LayerWeights]
  /// [1, width]
  let finalNorm: Matrix
  /// [vocabulary, width]; the embedding where tied.
  let head: Matrix

  /// Cuts the flat array, given as one row.
  init(_ flat: Matrix, configuration c: TransformerConfiguration, layout: ParameterLayout) {
    precondition(flat.count == layout.count)
    func view(_ first: String, _ last: String, _ rowCount: Int, _ columnCount: Int) -> Matrix {
      guard let first = layout[first], let last = layout[last] else {
        preconditionFailure("the layout lacks a tensor of the family")
      }
      let range = first.range.lowerBound..<last.range.upperBound
      precondition(range.count == rowCount * columnCount)
      return flat.columns(range).reshaped(rowCount: rowCount, columnCount: columnCount)
    }
    func view(_ name: String, _ rowCount: Int, _ columnCount: Int) -> Matrix {
      view(name, name, rowCount, columnCount)
    }
    let embedding = view(LlamaNames.embedding, c.vocabularySize, c.width)
    self.embedding = embedding
    layers = (0..<c.layerCount).map { layer in
      let names = LlamaNames(layer: layer)
      return LayerWeights(
        attentionNorm: view(names.attentionNorm, 1, c.width),
        queryKeyValue: view(
          names.queries, names.values, c.queryWidth + 2 * c.keyValueWidth, c.width),
        attentionOutput: view(names.attentionOutput, c.width, c.queryWidth),
        feedForwardNorm: view(names.feedForwardNorm, 1, c.width),
        gateUp: view(names.gate, names.up, 2 * c.feedForwardWidth, c.width),
        down: view(names.down, c.width, c.feedForwardWidth))
    }
    finalNorm = view(LlamaNames.finalNorm, 1, c.width)
    head =
      c.tiedEmbeddings ? embedding : view(LlamaNames.head, c.vocabularySize, c.width)
  }
}
