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
  private var batch: GeneratorBatch

  /// A generator for texts of up to `capacity` tokens, the model's context unless told otherwise.
  public init(_ model: Transformer, capacity: Int? = nil) {
    batch = GeneratorBatch(
      model, slotCount: 1, capacity: capacity ?? model.configuration.contextLength)
  }

  /// The number of tokens that the memory holds.
  public var capacity: Int { batch.capacity }
  /// The number of tokens so far.
  public var position: Int { batch.position(ofSlot: 0) }

  /// Forgets all tokens.
  public mutating func reset() { batch.start(0, with: []) }

  /// Adds tokens, and returns the logits of the one that comes after the last.
  ///
  /// - Precondition: There is at least one token, there is room for all, and they are inside the
  ///   vocabulary.
  public mutating func logits(after tokens: [Int32]) -> [Float] {
    precondition(!tokens.isEmpty, "logits come after a token")
    var rest = tokens[...]
    if position == 0, tokens.count > 1 {
      batch.start(0, with: tokens.dropLast())
      rest = tokens.suffix(1)
    }
    var logits: [Float] = []
    for token in rest { logits = batch.step([(0, token)])[0] }
    return logits
  }
}
