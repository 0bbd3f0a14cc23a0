internal import TesseraBasics
internal import TesseraCheckpoints
internal import TesseraTokenizers

extension VocabularyReplacement {
  /// What transformers reads beside tokenizer.json: roles of added tokens and chat templates.
  private static let besideTokenizer = [
    "added_tokens.json", "chat_template.jinja", "chat_template.json", "special_tokens_map.json",
    "tokenizer_config.json",
  ]
  /// More chat templates, each a file.
  private static let templateFolder = "additional_chat_templates/"

  private static func belongsToTokenizer(_ file: String) -> Bool {
    besideTokenizer.contains(file) || file.hasPrefix(templateFolder)
  }

  /// Writes configurations and tokenizer, copies what is beside the tokenizer, and carries over all files of
  /// the base that belong to neither.
  func writeFiles(
    to directory: String
  ) throws(VocabularyError) -> (carried: CarriedFiles, fromTokenizer: [String]) {
    var written = try named.write(correspondence.newIDs, rowCount: rowCount, to: directory)
    do { written += try tokenizer.write(toDirectory: directory) } catch {
      throw .tokenizer(error)
    }
    let copied = try filesBesideTokenizer()
    for name in copied {
      let target = Path.join(directory, name)
      try withVocabularyErrors { () throws(FileError) in
        try createDirectory(Path.directory(of: target))
        try copyFile(Path.join(tokenizerFolder, name), to: target)
      }
    }
    let checkpoint = base.checkpoint
    written += copied + checkpoint.shardNames
    if checkpoint.index != nil { written.append(ShardIndex.fileName) }
    let carried = try CarriedFiles(
      from: checkpoint, to: directory, written: written,
      outdated: checkpoint.files.filter(Self.belongsToTokenizer)
        + [VocabularyExtension.recordName])
    return (carried, copied)
  }

  /// The folder that the tokenizer was read from.
  private var tokenizerFolder: String {
    Path.isDirectory(tokenizerPath) ? tokenizerPath : Path.directory(of: tokenizerPath)
  }

  /// The files that belong to the tokenizer: those of its folder, unless one file among others was named.
  private func filesBesideTokenizer() throws(VocabularyError) -> [String] {
    guard
      Path.isDirectory(tokenizerPath)
        || Path.lastComponent(of: tokenizerPath) == "tokenizer.json"
    else { return [] }
    let templates = Path.join(tokenizerFolder, Self.templateFolder)
    var files = Self.besideTokenizer.filter { Path.exists(Path.join(tokenizerFolder, $0)) }
    if Path.isDirectory(templates) {
      let found = try withVocabularyErrors { () throws(FileError) in
        try listFiles(under: templates)
      }
      files += found.compactMap { Path.relative($0, to: tokenizerFolder) }
    }
    return files.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }
}
