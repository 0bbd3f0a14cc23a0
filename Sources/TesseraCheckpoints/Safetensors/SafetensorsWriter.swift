internal import TesseraBasics
internal import TesseraTensors

/// Writes a safetensors file from the first tensor to the last, in constant memory.
///
/// The shapes of all tensors have to be known beforehand, since the header comes first. Their bytes
/// follow in the order of ``tensors``, in pieces of any size. The file gets its name when
/// ``commit()`` has everything on the disk; until then, and after an error, nothing is there.
///
///     var writer = try SafetensorsWriter(path: path, tensors: tensors)
///     for tensor in tensors { try writer.append(values(of: tensor)) }
///     try writer.commit()
public struct SafetensorsWriter: ~Copyable {
  /// What the writer puts under `__metadata__` unless told otherwise: `format` is `pt`, without
  /// which transformers refuses a file.
  public static let defaultMetadata = [
    SafetensorsHeader.MetadataEntry(key: "format", value: "pt")
  ]

  /// The tensors in the order in which their bytes are expected.
  public let tensors: [TensorDescription]
  private var file: AtomicFile
  /// The first tensor whose bytes are not complete.
  private var current = 0
  /// How many bytes of it are there.
  private var written = 0

  /// Starts a file with its header.
  ///
  /// - Parameters:
  ///   - path: The file; one that exists is replaced on commit.
  ///   - tensors: The tensors in the order of their bytes. For a new file, sort them with
  ///     ``TensorDescription/storedBefore(_:_:)``, so that the same tensors give the same file.
  ///   - metadata: The texts under `__metadata__`.
  /// - Throws: ``CheckpointError/safetensors(path:offset:fault:)`` for a header that is too large.
  /// - Precondition: No two tensors have the same name, and none is called `__metadata__`.
  public init(
    path: String, tensors: [TensorDescription],
    metadata: [SafetensorsHeader.MetadataEntry] = Self.defaultMetadata
  ) throws(CheckpointError) {
    let header = try SafetensorsHeader.serialized(
      tensors: tensors, metadata: metadata, path: path)
    var file = try withFileErrors { () throws(FileError) in try AtomicFile(path: path) }
    do { try file.write(header) } catch { throw .file(error) }
    self.file = file
    self.tensors = tensors
    skipFinished()
  }

  /// Appends bytes to the tensor that is being written.
  ///
  /// - Precondition: They do not reach past the tensor's end.
  public mutating func append(_ bytes: [UInt8]) throws(CheckpointError) {
    if bytes.isEmpty { return }
    precondition(current < tensors.count, "all tensors are complete")
    precondition(
      bytes.count <= tensors[current].size - written,
      "the bytes reach past the end of \(tensors[current].name)")
    try write(bytes)
    written += bytes.count
    skipFinished()
  }

  /// Appends bytes of a tensor of another file, which the system copies from file to file.
  ///
  /// - Parameters:
  ///   - range: The bytes, counted from the tensor's first.
  ///   - tensor: A tensor of that file.
  ///   - file: The file that has them.
  /// - Precondition: The range is inside the tensor, and does not reach past the end of the one that is
  ///   being written.
  public mutating func append(
    copying range: Range<Int>, of tensor: StoredTensor, in file: SafetensorsFile
  ) throws(CheckpointError) {
    if range.isEmpty { return }
    precondition(
      range.lowerBound >= 0 && range.upperBound <= tensor.size, "the bytes must be the tensor's")
    precondition(current < tensors.count, "all tensors are complete")
    precondition(
      range.count <= tensors[current].size - written,
      "the bytes reach past the end of \(tensors[current].name)")
    let offset = tensor.byteRange.lowerBound + range.lowerBound
    do {
      try self.file.append(copying: offset..<offset + range.count, of: file.file)
    } catch {
      throw .file(error)
    }
    written += range.count
    skipFinished()
  }

  /// Appends numbers to the tensor that is being written, rounded to its element type.
  ///
  /// - Precondition: The type is one that we compute with, and the numbers do not reach past the
  ///   tensor's end.
  public mutating func append(values: Span<Float>) throws(CheckpointError) {
    if values.isEmpty { return }
    precondition(current < tensors.count, "all tensors are complete")
    guard let type = tensors[current].type.elementType else {
      preconditionFailure("\(tensors[current].name) has a type that is only copied")
    }
    var start = 0
    while start < values.count {
      let end = min(values.count, start + 1 << 20)
      var bytes = [UInt8](repeating: 0, count: (end - start) * type.byteSize)
      var span = bytes.mutableSpan
      type.encode(values.extracting(start..<end), into: &span)
      try append(bytes)
      start = end
    }
  }

  /// Puts the file under its name.
  ///
  /// - Precondition: All tensors are complete.
  public consuming func commit() throws(CheckpointError) {
    precondition(current == tensors.count, "\(tensors[current].name) is not complete")
    let file = self.file
    do { try file.commit() } catch { throw .file(error) }
  }

  private mutating func write(_ bytes: [UInt8]) throws(CheckpointError) {
    do { try file.write(bytes) } catch { throw .file(error) }
  }

  /// Goes on to the next tensor that misses bytes.
  private mutating func skipFinished() {
    while current < tensors.count && written == tensors[current].size {
      current += 1
      written = 0
    }
  }
}
