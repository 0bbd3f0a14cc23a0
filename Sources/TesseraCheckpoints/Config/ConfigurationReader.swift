internal import TesseraBasics

/// Takes checked values out of a configuration, and says what is wrong with the others.
struct ConfigurationReader {
  let json: JSONObject
  let path: String
  /// What to put before a key in messages, for objects inside the configuration.
  var prefix = ""

  /// The value of a key; a null counts as missing, as it does in transformers.
  func value(_ key: String) -> JSONValue? {
    guard let value = json[key], value != .null else { return nil }
    return value
  }

  func text(_ key: String) throws(CheckpointError) -> String {
    guard let value = value(key) else { throw fault(key, nil, "a string") }
    guard let text = value.string else { throw fault(key, value, "a string") }
    return text
  }

  /// A whole number from 1 to ``ModelConfiguration/valueLimit``.
  func count(_ key: String) throws(CheckpointError) -> Int {
    guard let count = try optionalCount(key) else { throw fault(key, nil, "a positive integer") }
    return count
  }

  func optionalCount(_ key: String) throws(CheckpointError) -> Int? {
    guard let value = value(key) else { return nil }
    guard let count = value.int, (1...ModelConfiguration.valueLimit).contains(count) else {
      throw fault(key, value, "a positive integer of at most 2^40")
    }
    return count
  }

  func optionalFlag(_ key: String) throws(CheckpointError) -> Bool? {
    guard let value = value(key) else { return nil }
    guard case .bool(let flag) = value else { throw fault(key, value, "true or false") }
    return flag
  }

  func optionalNumber(_ key: String, atLeast bound: Double) throws(CheckpointError) -> Double? {
    guard let value = value(key) else { return nil }
    guard let number = value.double, number.isFinite, number >= bound else {
      throw fault(key, value, "a finite number of at least \(bound)")
    }
    return number
  }

  func fault(_ key: String, _ found: JSONValue?, _ expected: String) -> CheckpointError {
    let text = found.map {
      String(decoding: $0.serialized(pretty: false).prefix(80), as: UTF8.self)
    }
    return .configuration(path: path, key: prefix + key, found: text, expected: expected)
  }
}

/// Reads a file that holds one JSON object.
func readJSONObject(path: String, limit: Int) throws(CheckpointError) -> JSONObject {
  let bytes = try withFileErrors { () throws(FileError) in try readFile(path, limit: limit) }
  let value: JSONValue
  do {
    value = try JSONValue(parsing: bytes)
  } catch {
    throw .json(path: path, error: error)
  }
  guard let object = value.object else {
    throw .configuration(path: path, key: "", found: "not an object", expected: "a JSON object")
  }
  return object
}
