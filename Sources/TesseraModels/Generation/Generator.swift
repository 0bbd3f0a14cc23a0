import TesseraBasics
import TesseraTensors

/// Runs a model over a text token by token, and remembers keys and values of all tokens so far.
///
/// The first call may bring a whole prompt, which is computed as one batch. After it each token
/// reads every weight once.
///
///     var generator = Generator(model)
///     var sampler = TokenSampler(SamplingOptions(temperature: 0.8, seed: 1))
///     var logits = generator.logits(after: prompt)
///     let token = try sampler.next(logits)
///     logits = generator.logits(after: [token])
public struct Generator: ~Copyable {
  /// The number of tokens that the memory holds.
  public let capacity: Int
  /// The number of tokens so far.
  public private(set) var position = 0

  private let model: Transformer
  private let workspace = TransformerWorkspace()
  private let cache: [LayerCache]
  private let buffers: DecodingBuffers
  private let memory: FloatMemory

  /// A generator for texts of up to `capacity` tokens, the model's context unless told otherwise.
  public init(_ model: Transformer, capacity: Int? = nil) {
    let c = model.configuration
    let capacity = capacity ?? c.contextLength
    precondition(capacity > 0, "a generator needs room for a token")
    precondition(c.objective == .nextToken, "an encoder does not predict the next token")
    precondition(c.adapters == nil, "a generator multiplies with matrices that have their adapters")
    precondition(
      !c.hasLearnedPositions || capacity <= c.contextLength,
      "a text is longer than the learned positions")
    self.model = model
    self.capacity = capacity
    memory = FloatMemory(
      capacity: DecodingBuffers.size(c)
        + 2 * c.layerCount * FloatMemory.size(rowCount: capacity, columnCount: c.keyValueWidth))
    buffers = DecodingBuffers(memory, c)
    cache = (0..<c.layerCount).map { [memory] _ in
      LayerCache(
        keys: memory.carve(capacity, c.keyValueWidth),
        values: memory.carve(capacity, c.keyValueWidth))
    }
  }

  /// Forgets all tokens.
  public mutating func reset() {
    position = 0
  }

  /// Adds tokens, and returns the logits of the one that comes after the last.
  ///
  /// - Precondition: There is at least one token, there is room for all, and they are inside the
  ///   vocabulary.
  public mutating func logits(after tokens: [Int32]) -> [Float] {
    let c = model.configuration
    precondition(!tokens.isEmpty, "logits come after a token")
    precondition(position + tokens.count <= capacity, "the generator's memory is full")
    precondition(
      tokens.allSatisfy { $0 >= 0 && Int($0) < c.vocabularySize }, "input token out of range")
    var rest = tokens[...]
    if position == 0, tokens.count > 1 {
      model.fill(cache, with: tokens.dropLast(), workspace: workspace)
      position = tokens.count - 1
      rest = tokens.suffix(1)
    }
    let tables = workspace.rotaryTables(c, length: capacity)
    for token in rest {
      model.decode(
        token, position: position, cache: cache, buffers: buffers, rotaryTables: tables,
        scratch: workspace.scratch)
      position += 1
    }
    return buffers.logits.elements()
  }
}

/// The keys and values of one layer, [capacity, keyValueWidth]; keys are rotated.
struct LayerCache: Sendable {
  let keys: Matrix
  let values: Matrix
}

/// The activations of one token, each one row; what a configuration has no use for is without elements.
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

  private static func shapes(_ c: TransformerConfiguration) -> [(Int, Int)] {
    [
      (1, c.width), (1, c.width), (1, c.width), (1, 1), (1, 1),
      (1, c.queryWidth + 2 * c.keyValueWidth),
    ] + QueryKeyMemory.shapes(rows: 1, c) + [
      (1, c.queryWidth), (1, c.width), (1, c.feedForward.inputCount * c.feedForwardWidth),
      (1, c.feedForwardWidth), (1, c.vocabularySize),
    ]
  }

  static func size(_ c: TransformerConfiguration) -> Int {
    shapes(c).reduce(0) { $0 + FloatMemory.size(rowCount: $1.0, columnCount: $1.1) }
  }

  init(_ memory: FloatMemory, _ c: TransformerConfiguration) {
    var rows = Self.shapes(c).map { memory.carve($0.0, $0.1) }[...]
    func next() -> Matrix { rows.removeFirst() }
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
}
