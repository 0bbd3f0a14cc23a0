// The folder "extension" of an extended model: what of its base the model itself does not hold.
//
//   extension/NAME           the file NAME of the base as it was, where the extended model has another one or none:
//                            config.json, the tokenizer, the shard index, vocabularies in other formats,
//                            extension.json and extension/ of a base that was extended itself
//   extension/SHARD.header   the first bytes of each file with weights, up to the first tensor
//   extension/rows.safetensors   the rows whose places new tokens took, of padding and of reserved tokens, one
//                            after the other under the names of their tensors; there only if there are such rows
//
// A file of the extension itself is beside them, see `RowOffsets.swift`.
// Everything else of the base is in the extended model: all other tensors and files, and old rows.

internal import TesseraBasics
internal import TesseraCheckpoints

/// What of a base is kept beside the model that was made of it, so that the base can be made again.
struct KeptBase {
  /// The folder inside the extended model.
  static let folder = "extension"
  /// The file of the rows that new tokens replaced, in ``folder``.
  static let rowsName = "rows.safetensors"
  /// What the name of a file with weights gets for the file with its header.
  static let headerSuffix = ".header"

  /// Whether a path inside a model directory is in the folder.
  static func contains(_ path: String) -> Bool { path.hasPrefix(folder + "/") }

  /// Where something of the base is kept inside the extended model.
  static func path(of name: String) -> String { folder + "/" + name }

  private let base: Checkpoint
  /// Files that the extended model has as the base has them, under whatever name.
  private let carriedOver: Set<String>

  /// - Parameters:
  ///   - base: The base.
  ///   - carriedOver: The files of the base that the extended model has as they are.
  init(of base: Checkpoint, carriedOver: [String]) {
    self.base = base
    self.carriedOver = Set(carriedOver)
  }

  /// The files of the base that can be made again.
  ///
  /// Left out are the base's weights in other formats and what runs left beside it: they are large, and
  /// the model does not need them.
  var restorable: [String] {
    base.files.filter { name in
      carriedOver.contains(name) || base.shardNames.contains(name) || isKept(name)
    }
  }

  /// Whether a file of the base is kept as it is.
  private func isKept(_ name: String) -> Bool {
    if carriedOver.contains(name) || base.shardNames.contains(name) { return false }
    if Self.contains(name) || name == ShardIndex.fileName && base.index != nil { return true }
    let kind = ModelFileKind(path: name)
    return kind == .other || kind == .vocabulary
  }

  /// Writes the folder.
  ///
  /// - Parameters:
  ///   - directory: The extended model.
  ///   - tensors: The tensors that grew.
  ///   - rows: The rows of the base that new tokens replaced.
  func write(
    to directory: String, tensors: [String], rows: RangeSet<Int>
  ) throws(VocabularyError) {
    for name in base.files where isKept(name) {
      try CarriedFiles.copy(name, from: base, to: directory, as: Self.path(of: name))
    }
    for (name, shard) in zip(base.shardNames, base.shards) {
      let path = Path.join(directory, Self.path(of: name + Self.headerSuffix))
      try withVocabularyErrors { () throws(FileError) in
        let header = try InputFile(path: shard.path).read(at: 0, count: shard.header.dataOffset)
        try createDirectory(Path.directory(of: path))
        try writeFile(path, header)
      }
    }
    if !rows.isEmpty { try write(rows, of: tensors, to: directory) }
  }

  private func write(
    _ rows: RangeSet<Int>, of names: [String], to directory: String
  ) throws(VocabularyError) {
    let path = Path.join(directory, Self.path(of: Self.rowsName))
    let tensors = names.compactMap { base.location(of: $0) }
      .sorted { TensorDescription.storedBefore($0.tensor.description, $1.tensor.description) }
    let count = rows.ranges.reduce(0) { $0 + $1.count }
    let descriptions = tensors.map { _, tensor in
      var shape = tensor.shape
      shape[tensor.rowAxis] = count
      return TensorDescription(name: tensor.name, type: tensor.type, shape: shape)
    }
    try withVocabularyErrors { () throws(CheckpointError) in
      var writer = try SafetensorsWriter(path: path, tensors: descriptions)
      for (shard, tensor) in tensors {
        let rowSize = tensor.size / max(1, tensor.shape[tensor.rowAxis])
        for range in rows.ranges {
          let bytes = range.lowerBound * rowSize..<range.upperBound * rowSize
          try writer.append(copying: bytes, of: tensor, in: base.shards[shard])
        }
      }
      try writer.commit()
    }
  }
}

extension StoredTensor {
  /// The axis that has something for each token where a tensor has: the first one, or the second of a
  /// bias that is stored as a single row.
  ///
  /// - Precondition: The tensor has an axis.
  var rowAxis: Int { shape.count == 2 && shape[0] == 1 ? 1 : 0 }
}
