internal import TesseraBasics

/// The size and the SHA-256 of a file.
struct FileHash: Hashable {
  let size: Int
  let sha256: String

  init(size: Int, sha256: String) {
    self.size = size
    self.sha256 = sha256
  }

  /// What `extension.json` says of a file, or nil if that is something else.
  init?(_ json: JSONValue) {
    guard let size = json["size"]?.int, size >= 0, let sha256 = json["sha256"]?.string else {
      return nil
    }
    self.init(size: size, sha256: sha256)
  }

  /// As in `extension.json`.
  var json: JSONValue { ["size": JSONValue(size), "sha256": .string(sha256)] }

  /// Reads files of a folder, several at a time; in the order of the names.
  ///
  /// - Parameter phase: What the reading is called in `progress`, which gets the bytes.
  static func all(
    _ names: [String], in directory: String, phase: String, progress: ProgressHandler?
  ) throws(VocabularyError) -> [(name: String, file: FileHash)] {
    let hashes = try HashedFile.read(
      names.map { HashedFile(path: Path.join(directory, $0), isWhole: true) }, phase: phase,
      progress: progress)
    return zip(names, hashes.compactMap(\.whole)).map { (name: $0, file: $1) }
  }
}
