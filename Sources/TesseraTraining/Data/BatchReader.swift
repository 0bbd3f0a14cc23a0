public import TesseraModels

/// Makes batches, and keeps the order of the passes that it is in.
///
/// The kept orders are a cache: what comes out depends on the step alone.
public struct BatchReader: Sendable {
  private let data: TrainingData
  private var orders: [(pass: Int, order: PassOrder)?]

  /// Creates a reader.
  public init(_ data: TrainingData) {
    self.data = data
    orders = Array(repeating: nil, count: data.layouts.count)
  }

  /// The sequences of a step's batch from `sequences`, for the micro-batches of gradient accumulation.
  public mutating func batch(step: Int, sequences: Range<Int>) -> TokenBatch {
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

  /// The order of a pass over a source.
  private mutating func order(layout: Int, pass: Int) -> PassOrder {
    if let kept = orders[layout], kept.pass == pass { return kept.order }
    let source = data.layouts[layout]
    let order = PassOrder(
      of: source.documents, packing: data.packing, length: data.sequenceLength, seed: data.seed,
      stream: source.stream | UInt64(pass))
    orders[layout] = (pass, order)
    return order
  }
}
