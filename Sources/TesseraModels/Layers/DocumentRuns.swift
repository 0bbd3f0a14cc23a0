/// Which document each row of a batch is in, and where in it.
///
/// Sequences and the documents in them are treated alike: attention runs over the rows of one document at a
/// time, so that what a mask would hide is never computed, and positions begin anew with each of them. Rotary
/// positions would allow to go on, since scores depend on distances alone; but learned positions do not, a
/// document alone in a sequence begins at 0 too, and so do the `position_ids` that transformers gives to the
/// documents of a packed batch.
struct DocumentRuns: Hashable, Sendable {
  /// Rows of one document that follow each other.
  struct Run: Hashable, Sendable {
    /// The rows of the batch.
    var rows: Range<Int>
    /// The position of the first of them in its document.
    var position: Int

    /// Their places in a sequence that they are in.
    func columns(in sequence: Range<Int>) -> Range<Int> {
      rows.lowerBound - sequence.lowerBound..<rows.upperBound - sequence.lowerBound
    }
  }

  /// Where documents begin, sequences included, and at last the number of rows.
  private let bounds: [Int]

  /// The documents of a batch.
  init(_ batch: TokenBatch) {
    let sequences = (0..<batch.sequenceCount).map { $0 * batch.sequenceLength }
    if batch.documentStarts.isEmpty {
      bounds = sequences + [batch.tokenCount]
      return
    }
    var bounds: [Int] = []
    var sequence = 0
    for start in batch.documentStarts {
      while sequence < sequences.count, sequences[sequence] <= start {
        if sequences[sequence] < start { bounds.append(sequences[sequence]) }
        sequence += 1
      }
      bounds.append(start)
    }
    self.bounds = bounds + sequences[sequence...] + [batch.tokenCount]
  }

  /// The rows of a range, document by document.
  ///
  /// - Complexity: O(log d + r) for d documents in the batch and r in the range.
  func runs(of rows: Range<Int>) -> [Run] {
    guard !rows.isEmpty else { return [] }
    var low = 0
    var high = bounds.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if bounds[middle] <= rows.lowerBound { low = middle } else { high = middle }
    }
    var runs: [Run] = []
    var first = rows.lowerBound
    while first < rows.upperBound {
      let end = min(bounds[low + 1], rows.upperBound)
      runs.append(Run(rows: first..<end, position: first - bounds[low]))
      first = end
      low += 1
    }
    return runs
  }
}
