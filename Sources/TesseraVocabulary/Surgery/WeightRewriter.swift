package import TesseraBasics
package import TesseraCheckpoints

/// Writes the weights of a checkpoint again, with other rows in some of its tensors.
///
/// The files, the order of their tensors, all types and all metadata are those of the base. All other
/// tensors are copied from file to file by the system, so memory does not depend on the model's size.
package struct WeightRewriter {
  /// The next bytes of a tensor.
  package enum Part {
    /// New ones.
    case bytes([UInt8])
    /// Those of a tensor of the base, which the system copies from file to file.
    case stored(Range<Int>, of: StoredTensor, in: SafetensorsFile)
  }

  /// Takes the next bytes of a tensor.
  package typealias Append = (Part) throws(VocabularyError) -> Void

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
    try write(
      to: directory,
      rewritten: { tensor in
        shape(tensor).map { shape in
          var tensor = tensor
          tensor.shape = shape
          return tensor
        }
      }, content: content)
  }

  /// Writes all files with weights, and the shard index, into a folder.
  ///
  /// Where types change, the tensors of a file get the order of new files.
  ///
  /// - Parameters:
  ///   - directory: The folder.
  ///   - rewritten: The type and the shape that a tensor gets; nil for one that is copied.
  ///   - content: Hands out all bytes of a tensor that is not copied.
  package func write(
    to directory: String, rewritten: (TensorDescription) -> TensorDescription?,
    content: (StoredTensor, SafetensorsFile, Append) throws(VocabularyError) -> Void
  ) throws(VocabularyError) {
    var totalSize = 0
    var parameterCount = 0
    var counter = ByteCounter(
      phase: "writing weights", total: base.shards.reduce(0) { $0 + $1.size }, handler: progress)
    for (name, shard) in zip(base.shardNames, base.shards) {
      var pairs = shard.header.tensors.map { tensor in
        (old: tensor, new: rewritten(tensor.description))
      }
      if pairs.contains(where: { $0.new.map(\.type) ?? $0.old.type != $0.old.type }) {
        pairs.sort {
          TensorDescription.storedBefore(
            $0.new ?? $0.old.description, $1.new ?? $1.old.description)
        }
      }
      let tensors = pairs.map { $0.new ?? $0.old.description }
      totalSize += tensors.reduce(0) { $0 + $1.size }
      parameterCount += tensors.reduce(0) { $0 + $1.elementCount }
      var writer = try withVocabularyErrors { () throws(CheckpointError) in
        try SafetensorsWriter(
          path: Path.join(directory, name), tensors: tensors, metadata: shard.header.metadata)
      }
      for (tensor, new) in pairs {
        if new != nil {
          try content(tensor, shard) { part throws(VocabularyError) in
            try Self.append(part, to: &writer, &counter)
          }
        } else {
          try Self.append(.stored(0..<tensor.size, of: tensor, in: shard), to: &writer, &counter)
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
    _ part: Part, to writer: inout SafetensorsWriter, _ counter: inout ByteCounter
  ) throws(VocabularyError) {
    switch part {
    case .bytes(let bytes):
      do { try writer.append(bytes) } catch { throw .checkpoint(error) }
      try counter.add(bytes.count)
    case .stored(let range, let tensor, let file):
      // In steps, for the progress and for signals.
      for start in stride(from: range.lowerBound, to: range.upperBound, by: copyStep) {
        let step = start..<min(range.upperBound, start + copyStep)
        do { try writer.append(copying: step, of: tensor, in: file) } catch {
          throw .checkpoint(error)
        }
        try counter.add(step.count)
      }
    }
  }

  /// So many bytes are copied between two looks at the progress.
  private static let copyStep = 64 << 20
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
