import TesseraTensors

/// What a layer keeps of its forward pass for its backward pass.
///
/// What a configuration has no use for is without elements.
struct LayerActivations: Sendable {
  /// [tokens, width]: the residual stream at the layer's start.
  var input: Matrix
  /// Of the norm before the attention.
  let attentionNorm: NormStatistics
  /// [tokens, queryWidth + 2 * keyValueWidth]: rotated queries and keys, and values.
  let queryKeyValue: Matrix
  /// Of the norms of queries and keys.
  let queryKey: QueryKeyMemory
  /// [tokens, queryWidth]: the heads' outputs.
  let attended: Matrix
  /// [sequences * heads, length]: the attention's log sums.
  let logSums: Matrix
  /// What the attention adds to the residual stream.
  let attentionOutput: BranchActivations
  /// [tokens, width]: the residual stream between the two blocks.
  let middle: Matrix
  /// Of the norm before the feed-forward block.
  let feedForwardNorm: NormStatistics
  /// [tokens, 2 * feedForwardWidth], or half of it without gates; the backward pass replaces it by its
  /// gradient.
  let gateUp: Matrix
  /// What the feed-forward block adds to the residual stream.
  let feedForwardOutput: BranchActivations

  /// Carves the matrices out of memory.
  init(
    _ memory: FloatMemory, tokens: Int, sequenceCount: Int,
    configuration c: TransformerConfiguration
  ) {
    var pieces = Self.shapes(tokens: tokens, sequenceCount: sequenceCount, c)
      .map { memory.carve($0.0, $0.1) }[...]
    func next() -> Matrix { pieces.removeFirst() }
    func statistics() -> NormStatistics { NormStatistics(scale: next(), mean: next()) }
    input = next()
    attentionNorm = statistics()
    queryKeyValue = next()
    queryKey = QueryKeyMemory(unnormed: next(), queryScale: next(), keyScale: next())
    attended = next()
    logSums = next()
    attentionOutput = BranchActivations(projected: next(), norm: statistics())
    middle = next()
    feedForwardNorm = statistics()
    gateUp = next()
    feedForwardOutput = BranchActivations(projected: next(), norm: statistics())
  }

  /// The shapes of all matrices, in order.
  static func shapes(
    tokens: Int, sequenceCount: Int, _ c: TransformerConfiguration
  ) -> [(Int, Int)] {
    let stream = (tokens, c.width)
    let statistics = [(1, tokens), c.norm.hasBias ? (1, tokens) : (0, 0)]
    let branch = c.normPlacement.isAfter ? [stream] + statistics : [(0, 0), (0, 0), (0, 0)]
    let sequenceLength = tokens / max(1, sequenceCount)
    return [stream] + statistics + [(tokens, c.queryWidth + 2 * c.keyValueWidth)]
      + QueryKeyMemory.shapes(rows: tokens, c)
      + [(tokens, c.queryWidth), (sequenceCount * c.headCount, sequenceLength)] + branch
      + [stream] + statistics + [(tokens, c.feedForward.inputCount * c.feedForwardWidth)] + branch
  }
}

/// What a block with a norm behind it keeps; without elements where there is none.
struct BranchActivations: Sendable {
  /// [tokens, width]: the norm's input.
  let projected: Matrix
  let norm: NormStatistics
}

/// What a pass keeps of its layers for a pass backward.
enum KeptActivations: Hashable, Sendable {
  /// Nothing: there is no pass backward.
  case none
  /// What each layer reads; the rest is computed a second time on the way back.
  case inputs
  /// All that the way back needs.
  case all
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
  /// Whether the way back computes a layer a second time.
  let recomputes: Bool
  /// The memory that only backward passes need.
  let gradients: GradientActivations?
  /// The working memory of the LM head.
  let head: HeadActivations

  /// Cuts the workspace's memory for a batch; its content is whatever was there.
  ///
  /// Without a backward pass, all layers share one set of matrices, and the residual stream after a
  /// layer takes the place of that before it. Where only what layers read is kept, they share the rest.
  init(
    _ workspace: TransformerWorkspace, configuration c: TransformerConfiguration,
    sequenceCount: Int, sequenceLength: Int, keeping kept: KeptActivations
  ) {
    let tokens = sequenceCount * sequenceLength
    let headRows = Self.headRows(tokens: tokens, c)
    let setCount = kept == .all ? c.layerCount : 1
    let memory = workspace.memory
    memory.reset(
      minimumCapacity: Self.size(
        configuration: c, sequenceCount: sequenceCount, sequenceLength: sequenceLength,
        keeping: kept))
    let sets = (0..<setCount).map { _ in
      LayerActivations(memory, tokens: tokens, sequenceCount: sequenceCount, configuration: c)
    }
    var layers = (0..<c.layerCount).map { sets[min($0, setCount - 1)] }
    if kept == .inputs {
      for layer in 1..<max(1, c.layerCount) { layers[layer].input = memory.carve(tokens, c.width) }
    }
    self.layers = layers
    recomputes = kept == .inputs
    normed = memory.carve(tokens, c.width)
    hidden = memory.carve(tokens, c.feedForwardWidth)
    head = HeadActivations(memory: memory, rowCount: headRows, configuration: c)
    output = kept != .none ? memory.carve(tokens, c.width) : sets[0].input
    gradients =
      kept != .none
      ? GradientActivations(memory: memory, tokens: tokens, configuration: c) : nil
  }

  /// The rows of the LM head's working memory.
  static func headRows(tokens: Int, _ c: TransformerConfiguration) -> Int {
    min(CrossEntropyBuffers.rowCapacity(vocabularySize: c.vocabularySize), max(1, tokens))
  }

  /// The number of floats that a batch takes.
  static func size(
    configuration c: TransformerConfiguration, sequenceCount: Int, sequenceLength: Int,
    keeping kept: KeptActivations
  ) -> Int {
    func size(_ shapes: [(Int, Int)]) -> Int {
      shapes.reduce(0) { $0 + FloatMemory.size(rowCount: $1.0, columnCount: $1.1) }
    }
    let tokens = sequenceCount * sequenceLength
    let layerSize = size(
      LayerActivations.shapes(tokens: tokens, sequenceCount: sequenceCount, c))
    let inputCount = kept == .inputs ? max(0, c.layerCount - 1) : 0
    var total =
      (kept == .all ? c.layerCount : 1) * layerSize + inputCount * size([(tokens, c.width)])
      + size([(tokens, c.width), (tokens, c.feedForwardWidth)])
    total += HeadActivations.size(rowCount: headRows(tokens: tokens, c), configuration: c)
    if kept != .none {
      total +=
        size([(tokens, c.width)]) + GradientActivations.size(tokens: tokens, configuration: c)
    }
    return total
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
  /// Twice [tokens, width]: the gradients before the norms behind attention and feed-forward block;
  /// without elements where there are no such norms.
  let attentionOutput: Matrix
  let feedForwardOutput: Matrix
  /// The gradients of the weights of norms.
  let partials: NormPartials

  init(memory: FloatMemory, tokens: Int, configuration c: TransformerConfiguration) {
    var pieces = Self.shapes(tokens: tokens, c).map { memory.carve($0.0, $0.1) }[...]
    func next() -> Matrix { pieces.removeFirst() }
    stream = [next(), next(), next()]
    attentionNormed = next()
    attended = next()
    queryKeyValue = next()
    attentionOutput = next()
    feedForwardOutput = next()
    partials = NormPartials(memory: memory, tileCount: tileCount(tokens), configuration: c)
  }

  private static func shapes(tokens: Int, _ c: TransformerConfiguration) -> [(Int, Int)] {
    let stream = (tokens, c.width)
    let branch = c.normPlacement.isAfter ? stream : (0, 0)
    return [
      stream, stream, stream, stream, (tokens, c.queryWidth),
      (tokens, c.queryWidth + 2 * c.keyValueWidth), branch, branch,
    ]
  }

  static func size(tokens: Int, configuration c: TransformerConfiguration) -> Int {
    shapes(tokens: tokens, c).reduce(0) {
      $0 + FloatMemory.size(rowCount: $1.0, columnCount: $1.1)
    } + NormPartials.size(tileCount: tileCount(tokens), configuration: c)
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
  let norm: NormStatistics
  /// Of what stands before an encoder's head.
  let maskedHead: MaskedHeadActivations?
  let crossEntropy: CrossEntropyBuffers

  init(memory: FloatMemory, rowCount: Int, configuration c: TransformerConfiguration) {
    stream = memory.carve(rowCount, c.width)
    normed = memory.carve(rowCount, c.width)
    gradient = memory.carve(rowCount, c.width)
    norm = NormStatistics(
      scale: memory.carve(1, rowCount), mean: memory.carve(c.norm.hasBias ? 1 : 0, rowCount))
    maskedHead = c.maskedHead.map { _ in
      MaskedHeadActivations(memory: memory, rowCount: rowCount, width: c.width)
    }
    crossEntropy = CrossEntropyBuffers(
      memory: memory, rowCapacity: rowCount, vocabularySize: c.vocabularySize)
  }

  static func size(rowCount: Int, configuration c: TransformerConfiguration) -> Int {
    3 * FloatMemory.size(rowCount: rowCount, columnCount: c.width)
      + 2 * FloatMemory.size(rowCount: 1, columnCount: rowCount)
      + (c.maskedHead == nil
        ? 0 : MaskedHeadActivations.size(rowCount: rowCount, width: c.width))
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
