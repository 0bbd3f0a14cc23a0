internal import TesseraBasics
internal import TesseraCheckpoints
internal import TesseraTokenizers

/// The files of a model that give roles to tokens by their IDs: config.json and generation_config.json.
struct NamedTokenFiles {
  private let configuration: NamedTokenIDs
  private let generation: NamedTokenIDs?

  private static let generationName = "generation_config.json"
  /// Reads the files of a model.
  init(of base: BaseModel) throws(VocabularyError) {
    let checkpoint = base.checkpoint
    configuration = NamedTokenIDs(
      checkpoint.configuration.json, path: checkpoint.configuration.path)
    generation = try Self.generation(in: checkpoint)
  }

  private static func generation(
    in checkpoint: Checkpoint
  ) throws(VocabularyError) -> NamedTokenIDs? {
    guard checkpoint.files.contains(generationName) else { return nil }
    return NamedTokenIDs(
      try checkpoint.object(in: generationName),
      path: Path.join(checkpoint.directory, generationName))
  }

  /// The tokens with a role.
  ///
  /// - Throws: ``VocabularyError/unknownNamedToken(path:key:id:)`` for an ID that no token has.
  func roles(_ tokenizer: Tokenizer) throws(VocabularyError) -> Set<TokenID> {
    try configuration.roles(tokenizer).union(generation?.roles(tokenizer) ?? [])
  }

  /// Sees to it that each token with a role has a new ID.
  ///
  /// - Throws: ``VocabularyError/unknownNamedToken(path:key:id:)``,
  ///   ``VocabularyError/roleWithoutToken(path:key:token:isAdded:)``.
  func checkRoles(_ newIDs: [TokenID?], of tokenizer: Tokenizer) throws(VocabularyError) {
    try configuration.checkRoles(newIDs, of: tokenizer)
    try generation?.checkRoles(newIDs, of: tokenizer)
  }

  /// Writes the files with other IDs.
  ///
  /// - Parameters:
  ///   - newIDs: The new ID of each old one, or nil for a token that is gone.
  ///   - rowCount: The new number of rows.
  ///   - directory: The folder.
  /// - Returns: The names of the files.
  func write(
    _ newIDs: [TokenID?], rowCount: Int, to directory: String
  ) throws(VocabularyError) -> [String] {
    var named = self.configuration
    named.renumber(newIDs)
    let json = named.json
    var configuration = try withVocabularyErrors { () throws(CheckpointError) in
      try ModelConfiguration(json: json, path: named.path)
    }
    configuration.vocabularySize = rowCount
    var files = [(ModelConfiguration.fileName, configuration.serialized())]
    if var generation = self.generation {
      generation.renumber(newIDs)
      let content = JSONValue.object(generation.json).serialized(pretty: true)
      files.append((Self.generationName, content + [UInt8(ascii: "\n")]))
    }
    for (name, content) in files {
      try withVocabularyErrors { () throws(FileError) in
        try writeFile(Path.join(directory, name), content)
      }
    }
    return files.map(\.0)
  }
}
