internal import TesseraBasics
internal import TesseraCheckpoints

extension Checkpoint {
  /// The largest file with a JSON object that is read.
  static let objectSizeLimit = 1 << 24

  /// The object in a small JSON file of the directory, such as generation_config.json.
  func object(in name: String) throws(VocabularyError) -> JSONObject {
    let path = Path.join(directory, name)
    let bytes = try withVocabularyErrors { () throws(FileError) in
      try readFile(path, limit: Self.objectSizeLimit)
    }
    let value: JSONValue
    do { value = try JSONValue(parsing: bytes) } catch {
      throw .checkpoint(.json(path: path, error: error))
    }
    guard let object = value.object else {
      throw .checkpoint(
        .configuration(
          path: path, key: "the top level", found: "no object", expected: "an object"))
    }
    return object
  }
}
