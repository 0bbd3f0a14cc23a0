import ArgumentParser
import TesseraBasics
import TesseraCheckpoints
import TesseraTokenizers

/// What a path may lead to.
enum InspectedKind: String, CaseIterable, ExpressibleByArgument {
  case tokenizer, model, corpus

  /// What a path leads to, by the names of files: a folder with a configuration and weights is a model,
  /// one that tokenizers are read from a tokenizer, and any other a corpus.
  ///
  /// - Throws: ``UsageError`` for a folder of models or tokenizers, which is none itself, and hardly the
  ///   corpus that somebody wants to look at; `FileError` for a folder that cannot be read.
  init(of path: String) throws {
    guard Path.isDirectory(path) else {
      let endings = [".json", ".tiktoken", ".model", ".tessera"]
      // Also one that is compressed, and has to be unpacked first.
      let name = path.dropLast(CompressionFormat(suffixOf: path)?.suffix.count ?? 0)
      self = endings.contains(where: name.hasSuffix) ? .tokenizer : .corpus
      return
    }
    if let kind = Self(ofFolder: path) {
      self = kind
      return
    }
    let names = try directoryEntries(path).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let parts = names.compactMap { name in
      Self(ofFolder: Path.join(path, name)).map { (name: name, kind: $0) }
    }
    if let first = parts.first {
      let rest = parts.count - 1
      throw UsageError(
        "the folder \(path) is no tokenizer and no model, and has folders that are: "
          + "\(first.name), a \(first.kind.rawValue)"
          + (rest == 0 ? "" : ", and \(groupDigits(rest)) more")
          + "; inspect one of them, or the texts in \(path) with --as corpus")
    }
    self = .corpus
  }

  /// Whether a file has weights that only Python can read, which is said when the model is opened.
  private static func isPickle(_ name: String) -> Bool {
    ModelFileKind(path: name) == .pickledWeights
  }

  /// The kind of a folder that is a model or a tokenizer.
  private init?(ofFolder path: String) {
    guard Path.isDirectory(path) else { return nil }
    func has(_ name: String) -> Bool { Path.exists(Path.join(path, name)) }
    if has(ModelConfiguration.fileName),
      [Checkpoint.singleFileName, ShardIndex.fileName].contains(where: has)
        || ((try? directoryEntries(path)) ?? []).contains(where: Self.isPickle)
    {
      self = .model
    } else if Tokenizer.fileNames.contains(where: has) {
      self = .tokenizer
    } else {
      return nil
    }
  }
}
