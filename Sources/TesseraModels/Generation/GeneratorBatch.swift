import TesseraBasics
import TesseraTensors

/// Runs a model over several texts at a time, token by token, each with its own keys and values.
///
/// A token of each text is computed in one step, so that a weight that has come from memory is used for all
/// of them. What a text gets does not depend on the others, nor on how many there are.
///
///     var batch = GeneratorBatch(model, slotCount: 16, capacity: 256)
///     batch.start(0, with: prompt)
///     let logits = batch.step([(slot: 0, token: prompt[prompt.count - 1])])
public struct GeneratorBatch: ~Copyable {
  /// The number of tokens that the memory of a text holds.
  public let capacity: Int
  /// The number of texts at a time.
  public let slotCount: Int
  private var positions: [Int]

  private let model: Transformer
  private let workspace = TransformerWorkspace()
  /// For each text, its layers.
  private let caches: [[LayerCache]]
  private let buffers: DecodingBuffers
  private let memory: FloatMemory

  /// Memory for some texts.
  ///
  /// - Parameters:
  ///   - model: A decoder.
  ///   - slotCount: The most texts at a time.
  ///   - capacity: The most tokens of a text.
  /// - Precondition: There is a slot and room for a token, which learned positions have; the model's
  ///   adapters are merged.
  public init(_ model: Transformer, slotCount: Int, capacity: Int) {
    let c = model.configuration
    precondition(slotCount > 0 && capacity > 0, "a generator needs room for a token")
    precondition(c.factorRank == nil, "factors are expanded before texts are made")
    precondition(c.objective == .nextToken, "an encoder does not predict the next token")
    precondition(c.adapters == nil, "a generator multiplies with matrices that have their adapters")
    precondition(
      !c.hasLearnedPositions || capacity <= c.contextLength,
      "a text is longer than the learned positions")
    self.model = model
    self.capacity = capacity
    self.slotCount = slotCount
    positions = Array(repeating: 0, count: slotCount)
    let cacheSize = FloatMemory.size(rowCount: capacity, columnCount: c.keyValueWidth)
    memory = FloatMemory(
      capacity: DecodingBuffers.size(c, rowCount: slotCount)
        + 2 * slotCount * c.layerCount * cacheSize)
    buffers = DecodingBuffers(memory, c, rowCount: slotCount)
    caches = (0..<slotCount).map { [memory] _ in
      (0..<c.layerCount).map { _ in
        LayerCache(
          keys: memory.carve(capacity, c.keyValueWidth),
          values: memory.carve(capacity, c.keyValueWidth))
      }
    }
  }

  /// The number of a text's tokens so far.
  public func position(ofSlot slot: Int) -> Int { positions[slot] }

  /// Forgets a text, and begins another one.
  ///
  /// - Parameters:
  ///   - slot: Which.
  ///   - tokens: Its first tokens, without the one that the first step brings.
  /// - Precondition: There is room, and tokens are inside the vocabulary.
  public mutating func start(_ slot: Int, with tokens: some Collection<Int32>) {
    precondition(tokens.count < capacity, "the generator's memory is full")
    positions[slot] = tokens.count
    if tokens.isEmpty { return }
    model.fill(caches[slot], with: Array(tokens)[...], workspace: workspace)
  }

  /// Forgets a text, and begins another one with the first tokens of a third.
  ///
  /// - Parameters:
  ///   - slot: Which.
  ///   - count: How many tokens.
  ///   - other: Where they are; it may be the same.
  /// - Precondition: The other text has had as many tokens.
  public mutating func start(_ slot: Int, with count: Int, of other: Int) {
    precondition(count <= positions[other], "a text begins with what is there")
    positions[slot] = count
    if slot == other { return }
    for (target, source) in zip(caches[slot], caches[other]) {
      target.keys.rows(0..<count).copy(from: source.keys.rows(0..<count))
      target.values.rows(0..<count).copy(from: source.values.rows(0..<count))
    }
  }

  /// Adds a token to some texts.
  ///
  /// - Parameter inputs: Each text's next token; no text twice.
  /// - Returns: For each, the logits of the token that comes after it.
  /// - Precondition: There is room, and tokens are inside the vocabulary.
  /// - Complexity: Every weight is read once from memory.
  public mutating func step(_ inputs: [(slot: Int, token: Int32)]) -> [[Float]] {
    precondition(Set(inputs.map(\.slot)).count == inputs.count, "a text is in a step once")
    precondition(
      inputs.allSatisfy { positions[$0.slot] < capacity }, "the generator's memory is full")
    precondition(
      inputs.allSatisfy { $0.token >= 0 && Int($0.token) < model.configuration.vocabularySize },
      "input token out of range")
    if inputs.isEmpty { return [] }
    let texts = inputs.map {
      DecodedText(token: $0.token, position: positions[$0.slot], cache: caches[$0.slot])
    }
    let rows = buffers.rows(0..<inputs.count)
    model.decode(
      texts, buffers: rows,
      rotaryTables: workspace.rotaryTables(model.configuration, length: capacity),
      scratch: workspace.scratch)
    for input in inputs { positions[input.slot] += 1 }
    return inputs.indices.map { rows.logits.rows($0..<$0 + 1).elements() }
  }
}

/// The next token of a text, where it stands, and what was before it.
struct DecodedText: Sendable {
  let token: Int32
  let position: Int
  let cache: [LayerCache]
}

/// The keys and values of one layer, [capacity, keyValueWidth]; keys are rotated.
struct LayerCache: Sendable {
  let keys: Matrix
  let values: Matrix
}

/// The activations of one token of each text, a row each; what a configuration has no use for is without
/// elements.
struct DecodingBuffers: Sendable {
  /// The residual stream, and what it was at the layer's start.
  let stream: Matrix
  let input: Matrix
  let normed: Matrix
  let norm: NormStatistics
  let queryKeyValue: Matrix
  let queryKey: QueryKeyMemory
  let attended: Matrix
  let projected: Matrix
  let gateUp: Matrix
  let hidden: Matrix
  let logits: Matrix

  private static func shapes(_ c: TransformerConfiguration, rowCount n: Int) -> [(Int, Int)] {
    [
      (n, c.width), (n, c.width), (n, c.width), (1, n), (1, n),
      (n, c.queryWidth + 2 * c.keyValueWidth),
    ] + QueryKeyMemory.shapes(rows: n, c) + [
      (n, c.queryWidth), (n, c.width), (n, c.feedForward.inputCount * c.feedForwardWidth),
      (n, c.feedForwardWidth), (n, c.vocabularySize),
    ]
  }

  static func size(_ c: TransformerConfiguration, rowCount: Int) -> Int {
    shapes(c, rowCount: rowCount).reduce(0) {
      $0 + FloatMemory.size(rowCount: $1.0, columnCount: $1.1)
    }
  }

  init(_ memory: FloatMemory, _ c: TransformerConfiguration, rowCount: Int) {
    var pieces = Self.shapes(c, rowCount: rowCount).map { memory.carve($0.0, $0.1) }[...]
    func next() -> Matrix { pieces.removeFirst() }
    stream = next()
    input = next()
    normed = next()
    norm = NormStatistics(scale: next(), mean: next())
    queryKeyValue = next()
    queryKey = QueryKeyMemory(unnormed: next(), queryScale: next(), keyScale: next())
    attended = next()
    projected = next()
    gateUp = next()
    hidden = next()
    logits = next()
  }

  private init(_ other: DecodingBuffers, rows: Range<Int>) {
    stream = other.stream.rows(rows)
    input = other.input.rows(rows)
    normed = other.normed.rows(rows)
    norm = other.norm.rows(rows)
    queryKeyValue = other.queryKeyValue.rows(rows)
    queryKey = other.queryKey.rows(rows)
    attended = other.attended.rows(rows)
    projected = other.projected.rows(rows)
    gateUp = other.gateUp.rows(rows)
    hidden = other.hidden.rows(rows)
    logits = other.logits.rows(rows)
  }

  /// Those of some texts.
  func rows(_ range: Range<Int>) -> DecodingBuffers { DecodingBuffers(self, rows: range) }
}
