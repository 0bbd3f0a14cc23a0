package import TesseraBasics
package import TesseraCheckpoints

/// Writes the weights of a base again with more rows in some of its matrices.
///
/// The files, the order of their tensors, all types and all metadata are those of the base. Tensors
/// that do not grow are copied byte for byte in blocks, so memory does not depend on the model's size.
package struct WeightSurgery {
  package let base: Checkpoint
  /// The matrices that grow, by the name of their tensor. Two names may have the same matrix: a
  /// tied model may store its head a second time.
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
    guard let index = matrixIndex(of: tensor.name) else { return tensor }
    var tensor = tensor
    tensor.shape[0] = matrices[index].matrix.layout.rowCount
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
      } else {
        try copy(tensor, of: shard, to: &writer, counter: &counter)
      }
    }
    do { try writer.commit() } catch { throw .checkpoint(error) }
  }

  /// Copies a tensor that does not grow, in blocks.
  private func copy(
    _ tensor: StoredTensor, of shard: SafetensorsFile, to writer: inout SafetensorsWriter,
    counter: inout ByteCounter
  ) throws(VocabularyError) {
    let blockSize = 4 << 20
    for start in stride(from: 0, to: tensor.size, by: blockSize) {
      let range = start..<min(tensor.size, start + blockSize)
      do {
        try writer.append(try shard.bytes(of: tensor, in: range))
      } catch {
        throw .checkpoint(error)
      }
      try counter.add(range.count)
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
