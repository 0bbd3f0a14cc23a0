package import TesseraBasics
package import TesseraCheckpoints
internal import TesseraTensors

/// Writes the weights of a base again with more rows in some of its matrices.
package struct WeightSurgery {
  package let base: Checkpoint
  /// The matrices that grow, by the name of their tensor. Two names may have the same matrix: a
  /// tied model may store its head a second time.
  package let matrices: [(tensor: String, matrix: ExtendedMatrix)]
  /// The tensors of one axis that grow, such as the bias of a head. A new element is the mean of the
  /// tokens' elements.
  package let vectors: [String]
  /// Where old and new elements of vectors stand.
  package let layout: RowLayout?
  package let progress: ProgressHandler?

  /// - Precondition: There is a layout if there are vectors.
  package init(
    base: Checkpoint, matrices: [(tensor: String, matrix: ExtendedMatrix)],
    vectors: [String] = [], layout: RowLayout? = nil, progress: ProgressHandler? = nil
  ) {
    precondition(vectors.isEmpty || layout != nil, "vectors grow by a layout")
    self.base = base
    self.matrices = matrices
    self.vectors = vectors
    self.layout = layout
    self.progress = progress
  }

  /// Writes all files with weights, and the shard index, into a folder.
  ///
  /// - Returns: The norms of the new rows, in the order of `matrices`.
  package func write(to directory: String) throws(VocabularyError) -> [NewRowNorms] {
    var norms = [NewRowNorms](repeating: NewRowNorms(), count: matrices.count)
    try WeightRewriter(base: base, progress: progress).write(
      to: directory, rowCount: { rowLayout(of: $0.name)?.rowCount }
    ) { (tensor, shard, append) throws(VocabularyError) in
      if let index = matrixIndex(of: tensor.name) {
        norms[index] = try matrices[index].matrix.forEachBlock(append)
      } else if let layout {
        try append(try grownVector(tensor, of: shard, layout))
      }
    }
    return norms
  }

  /// Where the rows of a tensor that grows stand; nil for all others.
  private func rowLayout(of tensor: String) -> RowLayout? {
    vectors.contains(tensor) ? layout : matrixIndex(of: tensor).map { matrices[$0].matrix.layout }
  }

  /// The position in `matrices` of the matrix that a tensor holds, or nil.
  private func matrixIndex(of name: String) -> Int? {
    matrices.firstIndex { $0.tensor.utf8.elementsEqual(name.utf8) }
  }

  /// The stored bytes of a vector with its new elements.
  private func grownVector(
    _ tensor: StoredTensor, of shard: SafetensorsFile, _ layout: RowLayout
  ) throws(VocabularyError) -> [UInt8] {
    guard let type = tensor.type.elementType else {
      throw .unknownTokenTensor(name: tensor.name)
    }
    let stored: [UInt8]
    do {
      stored = try shard.bytes(of: tensor, in: 0..<tensor.size)
    } catch {
      throw .checkpoint(error)
    }
    let old = type.floats(from: stored).prefix(layout.vocabularySize)
    let mean = old.reduce(0.0) { $0 + Double($1) } / Double(max(1, old.count))
    let element = type.bytes(of: [Float(mean)])
    func repeated(_ count: Int) -> [UInt8] { (0..<count).flatMap { _ in element } }
    let size = type.byteSize
    return stored.prefix(layout.newRows.lowerBound * size) + repeated(layout.newRows.count)
      + stored.suffix(layout.remainingPadding.count * size) + repeated(layout.fillerCount)
  }
}
