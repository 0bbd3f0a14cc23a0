package import TesseraBasics
package import TesseraCheckpoints

/// Writes the weights of a base again with more rows in some of its matrices.
package struct WeightSurgery {
  package let base: Checkpoint
  /// The matrices and biases that grow, by the names of their tensors. Several names may have the same
  /// matrix: some models store one more than once.
  package let matrices: [(tensor: String, matrix: ExtendedMatrix)]
  package let progress: ProgressHandler?

  package init(
    base: Checkpoint, matrices: [(tensor: String, matrix: ExtendedMatrix)],
    progress: ProgressHandler? = nil
  ) {
    self.base = base
    self.matrices = matrices
    self.progress = progress
  }

  /// Writes all files with weights, and the shard index, into a folder.
  ///
  /// - Returns: The norms of the new rows, in the order of `matrices`.
  package func write(to directory: String) throws(VocabularyError) -> [NewRowNorms] {
    var norms = [NewRowNorms](repeating: NewRowNorms(), count: matrices.count)
    try WeightRewriter(base: base, progress: progress).write(
      to: directory,
      shape: { tensor in
        matrixIndex(of: tensor.name).map { index in
          let matrix = matrices[index].matrix
          return matrix.base.shape(rowCount: matrix.layout.rowCount)
        }
      }
    ) { (tensor, _, append) throws(VocabularyError) in
      guard let index = matrixIndex(of: tensor.name) else { return }
      norms[index] = try matrices[index].matrix.write(append)
    }
    return norms
  }

  /// The position in `matrices` of the matrix that a tensor holds, or nil.
  private func matrixIndex(of name: String) -> Int? {
    matrices.firstIndex { $0.tensor.utf8.elementsEqual(name.utf8) }
  }
}
