import TesseraModels

/// Windows as two batches: what the base reads, and what the extended model reads.
///
/// Shorter windows are filled up behind, where nothing that counts sees it. Each encoding has its own
/// positions, from 0: the extended one is shorter, and rotary embeddings, which tell distances alone, get
/// the distances that the extended model will see when it is used.
struct AlignedBatch: Sendable {
  /// The text in tokens of the base, each with the next as its target.
  let base: TokenBatch
  /// The text in tokens of the extended vocabulary, likewise.
  let extended: TokenBatch
  /// For each position of `extended`, that of the last token of its run in `base`; nil in fillings.
  let ends: [Int?]
  /// For each position of `extended`, that of the first token of its run in `base`; nil in fillings.
  let starts: [Int?]

  /// The number of positions of `extended` that count.
  var positionCount: Int { ends.count { $0 != nil } }

  init(_ windows: ArraySlice<AlignedWindow>, padding: Int32) {
    let baseLength = windows.map(\.base.count).max() ?? 0
    let length = windows.map(\.extended.count).max() ?? 0
    var ends = [Int?](repeating: nil, count: windows.count * length)
    var starts = ends
    for (row, window) in windows.enumerated() {
      for (i, end) in window.ends.enumerated() {
        ends[row * length + i] = row * baseLength + end
        starts[row * length + i] = row * baseLength + (i == 0 ? 0 : window.ends[i - 1] + 1)
      }
    }
    self.ends = ends
    self.starts = starts
    base = Self.batch(windows.map(\.base), length: baseLength, padding: padding)
    extended = Self.batch(windows.map(\.extended), length: length, padding: padding)
  }

  private static func batch(_ sequences: [[Int32]], length: Int, padding: Int32) -> TokenBatch {
    var inputs: [Int32] = []
    var targets: [Int32] = []
    for sequence in sequences {
      let rest = length - sequence.count
      inputs += sequence + [Int32](repeating: padding, count: rest)
      targets += sequence.dropFirst()
      targets += [Int32](repeating: TokenBatch.noTarget, count: rest + min(1, sequence.count))
    }
    return TokenBatch(
      sequenceCount: sequences.count, sequenceLength: length, inputs: inputs, targets: targets)
  }
}
