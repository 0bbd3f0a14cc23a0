internal import TesseraBasics

/// The size and the SHA-256 of a file.
struct FileHash: Hashable {
  let size: Int
  let sha256: String

  /// Reads a file.
  init(ofFile path: String) throws(FileError) {
    sha256 = try SHA256.hexDigest(ofFile: path)
    size = try InputFile(path: path).size
  }

  /// What `extension.json` says of a file, or nil if that is something else.
  init?(_ json: JSONValue) {
    guard let size = json["size"]?.int, size >= 0, let sha256 = json["sha256"]?.string else {
      return nil
    }
    self.size = size
    self.sha256 = sha256
  }

  /// As in `extension.json`.
  var json: JSONValue { ["size": JSONValue(size), "sha256": .string(sha256)] }

  /// Reads files of a folder, on all threads; in the order of the names.
  static func all(
    _ names: [String], in directory: String
  ) throws(VocabularyError) -> [(name: String, file: FileHash)] {
    let hashes = try withVocabularyErrors { () throws(FileError) in
      try parallelMap(names.count) { index throws(FileError) in
        try FileHash(ofFile: Path.join(directory, names[index]))
      }
    }
    return zip(names, hashes).map { (name: $0, file: $1) }
  }
}
