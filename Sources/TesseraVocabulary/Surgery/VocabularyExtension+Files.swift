internal import TesseraBasics
internal import TesseraCheckpoints
internal import TesseraTokenizers

extension VocabularyExtension {
  /// Writes configuration and tokenizer, and carries over all files that we don't know.
  ///
  /// - Returns: The files of the base that were copied, and those that would be wrong in the new
  ///   directory.
  func copyFiles(
    to directory: String
  ) throws(VocabularyError) -> (carriedOver: [String], leftOut: [String]) {
    var configuration = base.checkpoint.configuration
    if configuration.vocabularySize != layout.rowCount {
      configuration.vocabularySize = layout.rowCount
      let content = configuration.serialized()
      try withVocabularyErrors { () throws(FileError) in
        try writeFile(Path.join(directory, ModelConfiguration.fileName), content)
      }
    } else {
      try copy(ModelConfiguration.fileName, to: directory)
    }
    let written: [String]
    do {
      written = try tokenizer.write(toDirectory: directory)
    } catch {
      throw .tokenizer(error)
    }

    let replaced = Set(
      written + base.checkpoint.shardNames
        + [ModelConfiguration.fileName, Self.recordName]
        + (base.checkpoint.index == nil ? [] : [ShardIndex.fileName]))
    var carriedOver: [String] = []
    var leftOut: [String] = []
    for file in base.checkpoint.files {
      if file == "tokenizer_config.json" {
        // Chat template and classes do not depend on the vocabulary.
        try copy(file, to: directory)
        carriedOver.append(file)
      } else if replaced.contains(file) {
        continue
      } else if Self.holdsVocabulary(file) {
        leftOut.append(file)
      } else {
        try copy(file, to: directory)
        carriedOver.append(file)
      }
    }
    return (carriedOver, leftOut)
  }

  /// Whether a file that we don't write holds the old rows or the old vocabulary, in another form.
  static func holdsVocabulary(_ file: String) -> Bool {
    let name = Path.lastComponent(of: file)
    let vocabularies = [
      "vocab.json", "merges.txt", "vocab.txt", "tokenizer.model", "tokenizer.tiktoken",
    ]
    let weights = [
      ".safetensors", ".safetensors.index.json", ".bin", ".bin.index.json", ".pt", ".pth", ".ckpt",
      ".h5", ".msgpack", ".gguf", ".onnx", ".onnx_data", ".tiktoken",
    ]
    return vocabularies.contains(name) || weights.contains { name.hasSuffix($0) }
  }

  /// Copies a file of the base byte for byte.
  private func copy(_ name: String, to directory: String) throws(VocabularyError) {
    let source = Path.join(base.checkpoint.directory, name)
    let target = Path.join(directory, name)
    try withVocabularyErrors { () throws(FileError) in
      try createDirectory(Path.directory(of: target))
      let input = try InputFile(path: source)
      var output = try AtomicFile(path: target)
      var offset = 0
      while offset < input.size {
        let block = try input.read(at: offset, count: min(4 << 20, input.size - offset))
        try output.write(block)
        offset += block.count
      }
      try output.commit()
    }
  }
}
