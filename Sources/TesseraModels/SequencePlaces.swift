/// Where the tokens of an encoder's batch stand: which of them are padding, at which positions they are, and
/// in which segments.
///
/// Padding stands at the end of a sequence. No token sees it, and it is nobody's target.
public struct SequencePlaces: Hashable, Sendable {
  /// For each sequence, how many of its tokens are no padding; at least one.
  public var lengths: [Int]
  /// For each token, its position from 0 on.
  public var positions: [Int32]
  /// For each token, its segment from 0 on.
  public var segments: [Int32]

  /// Places.
  public init(lengths: [Int], positions: [Int32], segments: [Int32]) {
    self.lengths = lengths
    self.positions = positions
    self.segments = segments
  }

  /// Those of sequences that are padded, at the positions that they always have and in one segment.
  public init(lengths: [Int], sequenceLength: Int) {
    self.init(
      lengths: lengths,
      positions: lengths.flatMap { _ in (0..<sequenceLength).map { Int32($0) } },
      segments: [Int32](repeating: 0, count: lengths.count * sequenceLength))
  }

  /// Whether a model can compute a batch at these places.
  func fit(_ batch: TokenBatch, _ c: TransformerConfiguration) -> Bool {
    lengths.count == batch.sequenceCount && positions.count == batch.tokenCount
      && segments.count == batch.tokenCount
      && lengths.allSatisfy { (1...max(1, batch.sequenceLength)).contains($0) }
      && positions.allSatisfy { (0..<Int32(c.contextLength)).contains($0) }
      && segments.allSatisfy { (0..<Int32(max(1, c.segmentCount))).contains($0) }
  }
}
