/// A source as some stages of a run read it, with the number of sequences in a pass over it.
struct SourceLayout: Sendable {
  /// The number of the source.
  let source: Int
  /// Its documents with their prefixes.
  let documents: SourceDocuments
  /// The sequences of a pass.
  let sequencesPerPass: Int
  /// Where the orders of its passes come from; the number of a pass is in the low half.
  let stream: UInt64

  /// Lays out a source.
  ///
  /// - Parameters:
  ///   - source: The source.
  ///   - number: Its number.
  ///   - prefixShare: The share of its documents that have its prefix.
  ///   - variant: How many other layouts the source has before this one.
  init(
    _ source: TrainingSource, number: Int, prefixShare: Double, variant: Int,
    packing: SequencePacking, length: Int, seed: UInt64
  ) {
    self.source = number
    documents = SourceDocuments(source, number: number, prefixShare: prefixShare, seed: seed)
    // A pair of sentences has a sequence of its own.
    sequencesPerPass =
      source.secondStarts?.count
      ?? PassOrder.sequenceCount(of: documents, packing: packing, length: length)
    stream = UInt64(variant) << 56 | UInt64(number) << 32
  }
}
