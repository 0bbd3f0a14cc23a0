// extension/offsets.safetensors: what the new rows of a matrix are besides weights of base rows, in f32, under
// "input" and "output". It is there only where a method has made rows from other things than the base,
// such as by running the model over a corpus.

internal import TesseraBasics
internal import TesseraCheckpoints

/// The file of an extension with what a record cannot say of its rows.
struct RowOffsets {
  /// The file, inside a model directory.
  static let fileName = KeptBase.path(of: "offsets.safetensors")

  /// Writes the offsets of matrices whose method needs more than the base.
  ///
  /// - Returns: The hash of the file; nil if there is nothing to write.
  static func write(
    _ matrices: [PreparedMatrix], to directory: String
  ) throws(VocabularyError) -> FileHash? {
    let matrices = matrices.filter {
      !$0.synthesizer.recipes.offsets.isEmpty && $0.method.needsInputs
    }
    if matrices.isEmpty { return nil }
    let path = Path.join(directory, fileName)
    try withVocabularyErrors { () throws(FileError) in
      _ = try createDirectory(Path.directory(of: path))
    }
    try withVocabularyErrors { () throws(CheckpointError) in
      var writer = try SafetensorsWriter(
        path: path,
        tensors: matrices.map {
          let recipes = $0.synthesizer.recipes
          return TensorDescription(
            name: $0.role.rawValue, type: .f32,
            shape: [recipes.count, recipes.offsets.count / recipes.count])
        })
      for matrix in matrices { try writer.append(values: matrix.synthesizer.recipes.offsets.span) }
      try writer.commit()
    }
    return try FileHash.all([fileName], in: directory, phase: "hashing rows", progress: nil)[0].file
  }

  /// The offsets of a matrix.
  ///
  /// - Parameters:
  ///   - role: Which matrix.
  ///   - path: The file.
  ///   - shape: Number and length of the rows.
  /// - Throws: ``VocabularyError/malformedRecord(path:reason:)`` if the file has no such tensor, and what
  ///   reading throws.
  static func read(
    _ role: MatrixRole, from path: String, shape: [Int]
  ) throws(VocabularyError) -> [Float] {
    let offsets = try withVocabularyErrors { () throws(CheckpointError) -> [Float]? in
      let file = try SafetensorsFile(path: path)
      guard let tensor = file.tensor(named: role.rawValue), tensor.shape == shape,
        tensor.type == .f32
      else { return nil }
      return try file.floats(of: tensor, in: 0..<tensor.description.elementCount)
    }
    guard let offsets else {
      throw .malformedRecord(
        path: path, reason: "there is no f32 tensor \"\(role.rawValue)\" of shape \(shape)")
    }
    return offsets
  }
}
