/// One pass over a source, laid out as the run packs documents.
enum PassOrder: Sendable {
  case concatenated(EpochOrder)
  case packed(PackedOrder)

  /// The number of sequences in a pass.
  static func sequenceCount(
    of source: SourceDocuments, packing: SequencePacking, length: Int
  ) -> Int {
    switch packing {
    case .concatenate:
      EpochOrder.sequenceCount(tokenCount: source.tokenCount, sequenceLength: length)
    case .bestFit: PackedOrder.sequenceCount(of: source, length: length)
    }
  }

  /// Lays out a pass.
  init(
    of source: SourceDocuments, packing: SequencePacking, length: Int, seed: UInt64, stream: UInt64
  ) {
    switch packing {
    case .concatenate:
      self = .concatenated(
        EpochOrder(of: source, sequenceLength: length, seed: seed, stream: stream))
    case .bestFit:
      self = .packed(PackedOrder(of: source, length: length, seed: seed, stream: stream))
    }
  }

  /// Writes a sequence of the pass.
  func read(
    sequence index: Int, length: Int, of source: SourceDocuments,
    into content: inout BatchContent, at offset: Int
  ) {
    switch self {
    case .concatenated(let order):
      order.read(sequence: index, length: length, of: source, into: &content, at: offset)
    case .packed(let order): order.read(sequence: index, of: source, into: &content, at: offset)
    }
  }
}
