internal import TesseraBasics
internal import TesseraCheckpoints
internal import TesseraTokenizers

extension VocabularyExtension {
  /// Writes configuration and tokenizer, and carries over all files that we don't know.
  func copyFiles(to directory: String) throws(VocabularyError) -> CarriedFiles {
    let checkpoint = base.checkpoint
    var configuration = checkpoint.configuration
    if (configuration.vocabularySize ?? layout.baseRowCount) != layout.rowCount {
      configuration.vocabularySize = layout.rowCount
      let content = configuration.serialized()
      try withVocabularyErrors { () throws(FileError) in
        try writeFile(Path.join(directory, ModelConfiguration.fileName), content)
      }
    } else {
      try CarriedFiles.copy(ModelConfiguration.fileName, from: checkpoint, to: directory)
    }
    var written: [String]
    do {
      written = try tokenizer.write(toDirectory: directory)
    } catch {
      throw .tokenizer(error)
    }
    // Chat template and classes do not depend on the vocabulary.
    written.removeAll { $0 == "tokenizer_config.json" && checkpoint.files.contains($0) }
    // What an earlier extension has kept is kept again, in a folder of the same name.
    written += checkpoint.files.filter(KeptBase.contains)
    written +=
      checkpoint.shardNames + [ModelConfiguration.fileName, Self.recordName]
      + (checkpoint.index == nil ? [] : [ShardIndex.fileName])
    return try CarriedFiles(from: checkpoint, to: directory, written: written)
  }
}
