internal import TesseraCheckpoints

extension InitializationContext {
  /// The rows of tokens that were seldom or never trained: zeros, and those whose norm is that of a random
  /// start, within three standard deviations of what the configuration's `initializer_range` gives.
  ///
  /// - Throws: What reading throws.
  func untrainedRows() throws(VocabularyError) -> Set<Int> {
    let width = matrix.width
    let expected = (initializerRange ?? 0) * Double(width).squareRoot()
    let tolerance = 3 * expected / (2 * Double(width)).squareRoot()
    var rows = Set<Int>()
    try matrix.forEachBlock(in: tokenRows) { (start, values) throws(VocabularyError) in
      for row in 0..<values.count / width {
        var squares = 0.0
        for i in 0..<width {
          squares += Double(values[row * width + i]) * Double(values[row * width + i])
        }
        let norm = squares.squareRoot()
        if norm == 0 || (expected > 0 && abs(norm - expected) <= tolerance) {
          rows.insert(start + row)
        }
      }
    }
    return rows
  }
}
