internal import TesseraBasics
internal import TesseraCheckpoints

/// The files of a base that a new model directory takes over as they are; model cards get other names,
/// see ``ModelCard``.
struct CarriedFiles {
  /// The files that were copied, by their names in the new directory.
  private(set) var carriedOver: [String] = []
  /// The same files by their names in the base.
  private(set) var sources: [String] = []
  /// What else is in the base: files that would be wrong in the new directory, those of the run that
  /// made the base, and what is no file.
  private(set) var leftOut: [String]

  /// Copies all files that we don't know; all files get the permissions of the base's file of the same
  /// name, those that were written before included.
  ///
  /// - Parameters:
  ///   - base: The base.
  ///   - directory: The new directory.
  ///   - written: The files that were written into it, or are to be.
  ///   - outdated: Files of the base that would be wrong beside them.
  init(
    from base: Checkpoint, to directory: String, written: [String], outdated: [String] = []
  ) throws(VocabularyError) {
    let written = Set(written)
    leftOut = base.others
    let hasCard = base.files.contains(ModelCard.name)
    for file in base.files where !written.contains(file) {
      let isCard = ModelCard.isCard(file)
      if (ModelFileKind(path: file) != .other && !isCard) || outdated.contains(file) {
        leftOut.append(file)
      } else {
        // A base without a card of its own has those of what it was made from.
        let name = isCard && hasCard ? ModelCard.inDerived(file) : file
        try Self.copy(file, from: base, to: directory, as: name)
        carriedOver.append(name)
        sources.append(file)
      }
    }
    carriedOver.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let folders = Self.folders(of: carriedOver)
    try withVocabularyErrors { () throws(FileError) in
      for file in base.files + folders.reversed() {
        try copyPermissions(of: Path.join(base.directory, file), to: Path.join(directory, file))
      }
    }
    leftOut.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Copies a file of the base byte for byte.
  static func copy(
    _ name: String, from base: Checkpoint, to directory: String, as newName: String? = nil
  ) throws(VocabularyError) {
    let target = Path.join(directory, newName ?? name)
    try withVocabularyErrors { () throws(FileError) in
      try createDirectory(Path.directory(of: target))
      try copyFile(Path.join(base.directory, name), to: target)
    }
  }

  /// The folders that files are in, inside the model directory, each after the one that it is in.
  private static func folders(of files: [String]) -> [String] {
    var folders = Set<String>()
    for file in files {
      var folder = Path.directory(of: file)
      while folder != ".", folders.insert(folder).inserted { folder = Path.directory(of: folder) }
    }
    return folders.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }
}
