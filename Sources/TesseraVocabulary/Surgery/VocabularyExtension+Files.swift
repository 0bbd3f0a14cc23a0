internal import TesseraBasics
internal import TesseraCheckpoints
internal import TesseraTokenizers

extension VocabularyExtension {
  /// Writes configuration and tokenizer, and carries over all files that we don't know. All files
  /// get the permissions of the base's file of the same name, those with weights included.
  ///
  /// - Returns: The files of the base that were copied, and what else is in the base: files that
  ///   would be wrong in the new directory, those of the run that made the base, and what is no file.
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
    var leftOut = base.checkpoint.others
    for file in base.checkpoint.files {
      if file == "tokenizer_config.json" {
        // Chat template and classes do not depend on the vocabulary.
        try copy(file, to: directory)
        carriedOver.append(file)
      } else if replaced.contains(file) {
        continue
      } else if ModelFileKind(path: file) != .other {
        leftOut.append(file)
      } else {
        try copy(file, to: directory)
        carriedOver.append(file)
      }
    }
    try withVocabularyErrors { () throws(FileError) in
      for file in base.checkpoint.files {
        try copyPermissions(
          of: Path.join(base.checkpoint.directory, file), to: Path.join(directory, file))
      }
      for folder in folders(of: carriedOver).reversed() {
        try copyPermissions(
          of: Path.join(base.checkpoint.directory, folder), to: Path.join(directory, folder))
      }
    }
    leftOut.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    return (carriedOver, leftOut)
  }

  /// The folders that files are in, inside the model directory, each after the one that it is in.
  private func folders(of files: [String]) -> [String] {
    var folders = Set<String>()
    for file in files {
      var folder = Path.directory(of: file)
      while folder != ".", folders.insert(folder).inserted { folder = Path.directory(of: folder) }
    }
    return folders.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Copies a file of the base byte for byte.
  private func copy(_ name: String, to directory: String) throws(VocabularyError) {
    let target = Path.join(directory, name)
    try withVocabularyErrors { () throws(FileError) in
      try createDirectory(Path.directory(of: target))
      try copyFile(Path.join(base.checkpoint.directory, name), to: target)
    }
  }
}
