import TesseraTensors

/// What a layer keeps of its forward pass for its backward pass.
struct LayerActivations: Sendable {
  /// [tokens, width]: the residual stream at the layer's start.
  let input: Matrix
  /// [1, tokens]: the norm's scale of each token.
  let attentionScale: Matrix
  /// [tokens, queryWidth + 2 * keyValueWidth]: rotated queries and keys, and values.
  let queryKeyValue: Matrix
  /// [tokens, queryWidth]: the heads' outputs.
  let attended: Matrix
  /// [sequences * heads, length]: the attention's log sums.
  let logSums: Matrix
  /// [tokens, width]: the residual stream between the two blocks.
  let middle: Matrix
  /// [1, tokens]
  let feedForwardScale: Matrix
  /// [tokens, 2 * feedForwardWidth]; the backward pass replaces it by its gradient.
  let gateUp: Matrix
}

/// The memory of one pass over a model, cut into matrices.
struct Activations: Sendable {
  let layers: [LayerActivations]
  /// [tokens, width]: the residual stream after the last layer.
  let output: Matrix
  /// [tokens, width]: a norm's output, of one layer at a time.
  let normed: Matrix
  /// [tokens, feedForwardWidth]: the gated activation, of one layer at a time.
  let hidden: Matrix
  /// The memory that only backward passes need.
  let gradients: GradientActivations?
  /// The working memory of the LM head.
  let head: HeadActivations

  /// Cuts the workspace's memory for a batch; its content is whatever was there.
  ///
  /// Without a backward pass, all layers share one set of matrices, and the residual stream after a
  /// layer takes the place of that before it.
  init(
    _ workspace: TransformerWorkspace, configuration c: TransformerConfiguration,
    sequenceCount: Int, sequenceLength: Int, keepsLayers: Bool
  ) {
    let tokens = sequenceCount * sequenceLength
    let headRows = min(
      CrossEntropyBuffers.rowCapacity(vocabularySize: c.vocabularySize), max(1, tokens))
    let attentionWidth = c.queryWidth + 2 * c.keyValueWidth
    let heads = sequenceCount * c.headCount
    func layerShapes() -> [(Int, Int)] {
      [
        (tokens, c.width), (1, tokens), (tokens, attentionWidth), (tokens, c.queryWidth),
        (heads, sequenceLength), (tokens, c.width), (1, tokens), (tokens, 2 * c.feedForwardWidth),
      ]
    }
    func size(_ shapes: [(Int, Int)]) -> Int {
      shapes.reduce(0) { $0 + FloatMemory.size(rowCount: $1.0, columnCount: $1.1) }
    }
    let setCount = keepsLayers ? c.layerCount : 1
    let shared = [(tokens, c.width), (tokens, c.feedForwardWidth)]
    var total = setCount * size(layerShapes()) + size(shared)
    total += HeadActivations.size(rowCount: headRows, configuration: c)
    if keepsLayers {
      total +=
        size([(tokens, c.width)]) + GradientActivations.size(tokens: tokens, configuration: c)
    }
    let memory = workspace.memory
    memory.reset(minimumCapacity: total)
    let sets = (0..<setCount).map { _ in
      let pieces = layerShapes().map { memory.carve($0.0, $0.1) }
      return LayerActivations(
        input: pieces[0], attentionScale: pieces[1], queryKeyValue: pieces[2], attended: pieces[3],
        logSums: pieces[4], middle: pieces[5], feedForwardScale: pieces[6], gateUp: pieces[7])
    }
    layers = (0..<c.layerCount).map { sets[min($0, setCount - 1)] }
    normed = memory.carve(tokens, c.width)
    hidden = memory.carve(tokens, c.feedForwardWidth)
    head = HeadActivations(memory: memory, rowCount: headRows, configuration: c)
    output = keepsLayers ? memory.carve(tokens, c.width) : sets[0].input
    gradients =
      keepsLayers
      ? GradientActivations(memory: memory, tokens: tokens, configuration: c) : nil
  }

  /// The residual stream after a layer.
  func output(ofLayer layer: Int) -> Matrix {
    layer + 1 < layers.count ? layers[layer + 1].input : output
  }
}

/// The working memory of backward passes, of one layer at a time.
struct GradientActivations: Sendable {
  /// Three times [tokens, width]: the residual stream's gradient after, within and before a layer.
  let stream: [Matrix]
  /// [tokens, width]: the forward output of the attention's norm.
  let attentionNormed: Matrix
  /// [tokens, queryWidth]: the gradient of the heads' outputs.
  let attended: Matrix
  /// [tokens, queryWidth + 2 * keyValueWidth]
  let queryKeyValue: Matrix
  /// [tiles, width]: the gradients of a norm's weights, tile by tile.
  let normPartials: Matrix

  init(memory: FloatMemory, tokens: Int, configuration c: TransformerConfiguration) {
    stream = (0..<3).map { _ in memory.carve(tokens, c.width) }
    attentionNormed = memory.carve(tokens, c.width)
    attended = memory.carve(tokens, c.queryWidth)
    queryKeyValue = memory.carve(tokens, c.queryWidth + 2 * c.keyValueWidth)
    normPartials = memory.carve(tileCount(tokens), c.width)
  }

  static func size(tokens: Int, configuration c: TransformerConfiguration) -> Int {
    4 * FloatMemory.size(rowCount: tokens, columnCount: c.width)
      + FloatMemory.size(rowCount: tokens, columnCount: c.queryWidth)
      + FloatMemory.size(rowCount: tokens, columnCount: c.queryWidth + 2 * c.keyValueWidth)
      + FloatMemory.size(rowCount: tileCount(tokens), columnCount: c.width)
  }
}

/// The working memory of the LM head: one chunk of rows.
struct HeadActivations: Sendable {
  /// [rows, width]: rows of the stream that have a target.
  let stream: Matrix
  /// [rows, width]
  let normed: Matrix
  /// [rows, width]
  let gradient: Matrix
  /// [1, rows]
  let scale: Matrix
  let crossEntropy: CrossEntropyBuffers

  init(memory: FloatMemory, rowCount: Int, configuration c: TransformerConfiguration) {
    stream = memory.carve(rowCount, c.width)
    normed = memory.carve(rowCount, c.width)
    gradient = memory.carve(rowCount, c.width)
    scale = memory.carve(1, rowCount)
    crossEntropy = CrossEntropyBuffers(
      memory: memory, rowCapacity: rowCount, vocabularySize: c.vocabularySize)
  }

  static func size(rowCount: Int, configuration c: TransformerConfiguration) -> Int {
    3 * FloatMemory.size(rowCount: rowCount, columnCount: c.width)
      + FloatMemory.size(rowCount: 1, columnCount: rowCount)
      + CrossEntropyBuffers.size(rowCapacity: rowCount, vocabularySize: c.vocabularySize)
  }
}

/// Tokens per call of a fork over tokens; depends on nothing but their number.
///
/// Large enough that a product reads its weights for many rows, and small enough that a tile's
/// activations stay in the cache and that there are tiles for every thread.
func tileRows(_ tokens: Int) -> Int {
  min(256, max(64, (tokens / 8 + 31) / 32 * 32))
}

/// The number of tiles of a batch.
func tileCount(_ tokens: Int) -> Int {
  (tokens + tileRows(tokens) - 1) / tileRows(tokens)
}
