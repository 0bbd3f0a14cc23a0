internal import TesseraCheckpoints

extension InitializationContext {
  /// The rows of tokens that were seldom or never trained: zeros, and those as large as at a
  /// ``RandomStart``.
  ///
  /// - Throws: What reading throws.
  func untrainedRows() throws(VocabularyError) -> Set<Int> {
    let width = matrix.width
    let initial = RandomStart(initializerRange: initializerRange, width: width)
    var rows = Set<Int>()
    try matrix.forEachBlock(in: tokenRows) { (start, values) throws(VocabularyError) in
      for row in 0..<values.count / width {
        let norm = values[row * width..<(row + 1) * width].euclideanNorm
        if norm == 0 || initial.contains(norm: norm) { rows.insert(start + row) }
      }
    }
    return rows
  }
}
