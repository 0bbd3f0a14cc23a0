package import TesseraBasics
package import TesseraCheckpoints
internal import TesseraTensors

/// Writes the weights of a base again with more rows in some of its matrices.
///
/// The files, the order of their tensors, all types and all metadata are those of the base. Tensors
/// that do not grow are copied byte for byte in blocks, so memory does not depend on the model's size.
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
    var totalSize = 0
    var parameterCount = 0
    var counter = ByteCounter(
      phase: "writing weights", total: base.shards.reduce(0) { $0 + $1.size }, handler: progress)
    for (name, shard) in zip(base.shardNames, base.shards) {
      let tensors = shard.header.tensors.map { grown($0.description) }
      totalSize += tensors.reduce(0) { $0 + $1.size }
      parameterCount += tensors.reduce(0) { $0 + $1.elementCount }
      let path = Path.join(directory, name)
      try writeShard(shard, tensors: tensors, to: path, norms: &norms, counter: &counter)
    }
    if let index = base.index {
      let content = index.serialized(totalSize: totalSize, parameterCount: parameterCount)
      try withVocabularyErrors { () throws(FileError) in
        try writeFile(Path.join(directory, ShardIndex.fileName), content)
      }
    }
    return norms
  }

  /// The tensor with the shape that it has in the extended model.
  private func grown(_ tensor: TensorDescription) -> TensorDescription {
    let layout =
      vectors.contains(tensor.name)
      ? layout : matrixIndex(of: tensor.name).map { matrices[$0].matrix.layout }
    guard let layout else { return tensor }
    var tensor = tensor
    tensor.shape[0] = layout.rowCount
    return tensor
  }

  /// The position in `matrices` of the matrix that a tensor holds, or nil.
  private func matrixIndex(of name: String) -> Int? {
    matrices.firstIndex { $0.tensor.utf8.elementsEqual(name.utf8) }
  }

  /// Writes one file.
  private func writeShard(
    _ shard: SafetensorsFile, tensors: [TensorDescription], to path: String,
    norms: inout [NewRowNorms], counter: inout ByteCounter
  ) throws(VocabularyError) {
    var writer = try withVocabularyErrors { () throws(CheckpointError) in
      try SafetensorsWriter(path: path, tensors: tensors, metadata: shard.header.metadata)
    }
    for tensor in shard.header.tensors {
      if let index = matrixIndex(of: tensor.name) {
        norms[index] = try matrices[index].matrix.forEachBlock { bytes throws(VocabularyError) in
          do throws(CheckpointError) {
            try writer.append(bytes)
          } catch {
            throw .checkpoint(error)
          }
          try counter.add(bytes.count)
        }
      } else if let layout, vectors.contains(tensor.name) {
        let bytes = try grownVector(tensor, of: shard, layout)
        do { try writer.append(bytes) } catch { throw .checkpoint(error) }
        try counter.add(bytes.count)
      } else {
        try copy(tensor, of: shard, to: &writer, counter: &counter)
      }
    }
    do { try writer.commit() } catch { throw .checkpoint(error) }
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

  /// Copies a tensor that does not grow, in blocks.
  private func copy(
    _ tensor: StoredTensor, of shard: SafetensorsFile, to writer: inout SafetensorsWriter,
    counter: inout ByteCounter
  ) throws(VocabularyError) {
    for block in SafetensorsFile.blocks(of: 0..<tensor.size) {
      do {
        try writer.append(try shard.bytes(of: tensor, in: block))
      } catch {
        throw .checkpoint(error)
      }
      try counter.add(block.count)
    }
  }
}

/// Counts bytes and reports them, at most once for every hundredth of the whole.
struct ByteCounter {
  let phase: String
  let total: Int
  let handler: ProgressHandler?
  private var completed = 0
  private var reported = 0

  init(phase: String, total: Int, handler: ProgressHandler?) {
    self.phase = phase
    self.total = total
    self.handler = handler
  }

  /// Counts `size` more bytes.
  ///
  /// - Throws: ``VocabularyError/interrupted`` after a signal.
  mutating func add(_ size: Int) throws(VocabularyError) {
    if Interruption.isRequested { throw .interrupted }
    completed += size
    guard let handler, completed - reported >= max(1, total / 100) else { return }
    reported = completed
    handler(
      ProgressUpdate(
        phase: phase, completed: min(completed, total), total: total, unit: "B", detail: nil))
  }
}
