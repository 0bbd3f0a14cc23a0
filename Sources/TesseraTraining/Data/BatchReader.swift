import TesseraBasics
public import TesseraModels

/// Makes batches, and keeps the order of the passes that it is in.
///
/// The kept orders are a cache: what comes out depends on the step alone.
public struct BatchReader: Sendable {
  let data: TrainingData
  private var orders: [(pass: Int, order: PassOrder)?]
  private var pairOrders: [(pass: Int, pairs: [UInt32])?]

  /// Creates a reader.
  public init(_ data: TrainingData) {
    self.data = data
    orders = Array(repeating: nil, count: data.layouts.count)
    pairOrders = Array(repeating: nil, count: data.layouts.count)
  }

  /// The sequences of a step's batch from `sequences`, for the micro-batches of gradient accumulation.
  public mutating func batch(step: Int, sequences: Range<Int>) -> TokenBatch {
    if let masked = data.masked { return maskedBatch(step: step, sequences: sequences, masked) }
    let length = data.sequenceLength
    var content = BatchContent(
      tokenCount: sequences.count * length, keepsStarts: data.masksDocuments)
    for sequence in sequences {
      let place = data.place(ofSequence: sequence, step: step)
      let order = order(layout: place.layout, pass: place.pass)
      order.read(
        sequence: place.index, length: length, of: data.layouts[place.layout].documents,
        into: &content, at: (sequence - sequences.lowerBound) * length)
    }
    return TokenBatch(
      sequenceCount: sequences.count, sequenceLength: length, inputs: content.inputs,
      targets: content.targets, documentStarts: content.documentStarts)
  }

  /// The order of the pairs in a pass over a source.
  mutating func pairOrder(layout: Int, pass: Int) -> [UInt32] {
    if let kept = pairOrders[layout], kept.pass == pass { return kept.pairs }
    let source = data.layouts[layout]
    var pairs = (0..<UInt32(source.documents.count)).map { $0 }
    var random = SplitMix64(seed: data.seed, stream: source.stream | UInt64(pass))
    EpochOrder.shuffle(&pairs, using: &random)
    pairOrders[layout] = (pass, pairs)
    return pairs
  }

  /// The order of a pass over a source.
  mutating func order(layout: Int, pass: Int) -> PassOrder {
    if let kept = orders[layout], kept.pass == pass { return kept.order }
    let source = data.layouts[layout]
    let order = PassOrder(
      of: source.documents, packing: data.packing, length: data.contentLength, seed: data.seed,
      stream: source.stream | UInt64(pass))
    orders[layout] = (pass, order)
    return order
  }
}
