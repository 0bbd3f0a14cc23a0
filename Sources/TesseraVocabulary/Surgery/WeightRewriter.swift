package import TesseraBasics
package import TesseraCheckpoints

/// Writes the weights of a checkpoint again, with other rows in some of its tensors.
///
/// The files, the order of their tensors, all types and all metadata are those of the base. All other
/// tensors are copied from file to file by the system, so memory does not depend on the model's size.
package struct WeightRewriter {
  /// Takes the next bytes of a tensor.
  package typealias Append = ([UInt8]) throws(VocabularyError) -> Void

  package let base: Checkpoint
  package let progress: ProgressHandler?

  package init(base: Checkpoint, progress: ProgressHandler?) {
    self.base = base
    self.progress = progress
  }

  /// Writes all files with weights, and the shard index, into a folder.
  ///
  /// - Parameters:
  ///   - directory: The folder.
  ///   - shape: The shape that a tensor gets; nil for one that is copied.
  ///   - content: Hands out all bytes of a tensor that is not copied.
  package func write(
    to directory: String, shape: (TensorDescription) -> [Int]?,
    content: (StoredTensor, SafetensorsFile, Append) throws(VocabularyError) -> Void
  ) throws(VocabularyError) {
    var totalSize = 0
    var parameterCount = 0
    var counter = ByteCounter(
      phase: "writing weights", total: base.shards.reduce(0) { $0 + $1.size }, handler: progress)
    for (name, shard) in zip(base.shardNames, base.shards) {
      let tensors = shard.header.tensors.map { tensor -> TensorDescription in
        var description = tensor.description
        if let shape = shape(description) { description.shape = shape }
        return description
      }
      totalSize += tensors.reduce(0) { $0 + $1.size }
      parameterCount += tensors.reduce(0) { $0 + $1.elementCount }
      var writer = try withVocabularyErrors { () throws(CheckpointError) in
        try SafetensorsWriter(
          path: Path.join(directory, name), tensors: tensors, metadata: shard.header.metadata)
      }
      for tensor in shard.header.tensors {
        if shape(tensor.description) != nil {
          try content(tensor, shard) { bytes throws(VocabularyError) in
            try Self.append(bytes, to: &writer, &counter)
          }
        } else {
          // In parts, for the progress and for signals.
          for part in SafetensorsFile.blocks(of: 0..<tensor.size, size: 64 << 20) {
            do {
              try writer.append(copying: part, of: tensor, in: shard)
            } catch {
              throw .checkpoint(error)
            }
            try counter.add(part.count)
          }
        }
      }
      do { try writer.commit() } catch { throw .checkpoint(error) }
    }
    guard let index = base.index else { return }
    let content = index.serialized(totalSize: totalSize, parameterCount: parameterCount)
    try withVocabularyErrors { () throws(FileError) in
      try writeFile(Path.join(directory, ShardIndex.fileName), content)
    }
  }

  private static func append(
    _ bytes: [UInt8], to writer: inout SafetensorsWriter, _ counter: inout ByteCounter
  ) throws(VocabularyError) {
    do { try writer.append(bytes) } catch { throw .checkpoint(error) }
    try counter.add(bytes.count)
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
