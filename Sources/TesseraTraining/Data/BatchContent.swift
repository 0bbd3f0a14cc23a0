import TesseraModels

/// The arrays of a batch while sequences are written into it, one after the other.
struct BatchContent {
  var inputs: [Int32]
  var targets: [Int32]
  /// Where documents begin, if that is kept.
  private(set) var documentStarts: [Int] = []
  private let keepsStarts: Bool

  /// Arrays for a number of positions.
  init(tokenCount: Int, keepsStarts: Bool) {
    inputs = [Int32](repeating: 0, count: tokenCount)
    targets = [Int32](repeating: TokenBatch.noTarget, count: tokenCount)
    self.keepsStarts = keepsStarts
  }

  /// Notes that a document begins at a position.
  mutating func beginDocument(at position: Int) {
    if keepsStarts { documentStarts.append(position) }
  }

  /// Writes a part of a document: its tokens as targets, and the token before each as inputs.
  ///
  /// Before the first token stands the end-of-text token, as where documents are scored.
  mutating func write(
    _ range: Range<Int>, of document: Int, in source: SourceDocuments, at position: Int
  ) {
    beginDocument(at: position)
    source.copy(range, of: document, into: &targets, at: position, hidesPrefix: true)
    var (before, place) = (range.lowerBound - 1..<range.upperBound - 1, position)
    if range.lowerBound == 0 {
      inputs[position] = source.endOfText
      (before, place) = (0..<range.upperBound - 1, position + 1)
    }
    source.copy(before, of: document, into: &inputs, at: place, hidesPrefix: false)
  }

  /// Fills positions that nothing is learned from.
  mutating func pad(_ range: Range<Int>, with token: Int32) {
    guard !range.isEmpty else { return }
    beginDocument(at: range.lowerBound)
    for position in range {
      inputs[position] = token
      targets[position] = TokenBatch.noTarget
    }
  }
}
