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
    // Chat template and classes do not depend on the vocabulary, and neither does what else lists added
    // tokens, unless some of those have given up their places.
    written.removeAll { AddedTokenFiles.names.contains($0) && checkpoint.files.contains($0) }
    written += try writeAddedTokenFiles(to: directory)
    // What an earlier extension has kept is kept again, in a folder of the same name.
    written += checkpoint.files.filter(KeptBase.contains)
    written +=
      checkpoint.shardNames + [ModelConfiguration.fileName, Self.recordName]
      + (checkpoint.index == nil ? [] : [ShardIndex.fileName])
    return try CarriedFiles(from: checkpoint, to: directory, written: written)
  }

  /// Writes the files of the base that list added tokens which are not there any more, without these.
  ///
  /// - Returns: Their names.
  private func writeAddedTokenFiles(to directory: String) throws(VocabularyError) -> [String] {
    if base.vacatedTokens.isEmpty { return [] }
    var written: [String] = []
    for name in AddedTokenFiles.names where base.checkpoint.files.contains(name) {
      let members = try base.checkpoint.object(in: name)
      let kept = AddedTokenFiles.removing(base.vacatedTokens, from: members, of: name)
      if kept == members { continue }
      let content = JSONValue.object(kept).serialized(pretty: true) + [UInt8(ascii: "\n")]
      try withVocabularyErrors { () throws(FileError) in
        try writeFile(Path.join(directory, name), content)
      }
      written.append(name)
    }
    return written
  }
}
