package import TesseraBasics

/// Takes checked values out of a configuration, and says what is wrong with the others.
package struct ConfigurationReader {
  let json: JSONObject
  let path: String
  /// What to put before a key in messages, for objects inside the configuration.
  let prefix: String

  /// A reader of an object.
  package init(json: JSONObject, path: String, prefix: String = "") {
    self.json = json
    self.path = path
    self.prefix = prefix
  }

  /// The value of a key; a null counts as missing, as it does in transformers.
  package func value(_ key: String) -> JSONValue? {
    guard let value = json[key], value != .null else { return nil }
    return value
  }

  package func number(
    _ key: String, in range: ClosedRange<Double>
  ) throws(CheckpointError) -> Double {
    guard let number = try optionalNumber(key, in: range) else {
      throw fault(key, nil, "a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  package func text(_ key: String) throws(CheckpointError) -> String {
    guard let value = value(key) else { throw fault(key, nil, "a string") }
    guard let text = value.string else { throw fault(key, value, "a string") }
    return text
  }

  /// A reader of the object that is the value of a key, if there is one.
  package func optionalObject(_ key: String) throws(CheckpointError) -> ConfigurationReader? {
    guard let value = value(key) else { return nil }
    guard let object = value.object else { throw fault(key, value, "an object") }
    return ConfigurationReader(json: object, path: path, prefix: "\(prefix)\(key).")
  }

  /// A list of a known length, if there is one.
  package func optionalList(
    _ key: String, count: Int
  ) throws(CheckpointError) -> [JSONValue]? {
    guard let value = value(key) else { return nil }
    guard let list = value.array, list.count == count else {
      throw fault(key, value, "an array of \(count)")
    }
    return list
  }

  /// A whole number from 1 to a limit.
  package func count(_ key: String, limit: Int) throws(CheckpointError) -> Int {
    guard let count = try optionalCount(key, limit: limit) else {
      throw fault(key, nil, "a positive integer")
    }
    return count
  }

  package func optionalCount(_ key: String, limit: Int) throws(CheckpointError) -> Int? {
    guard let value = value(key) else { return nil }
    guard let count = value.int, (1...limit).contains(count) else {
      throw fault(key, value, "a positive integer of at most \(limit)")
    }
    return count
  }

  /// One ID below a count, several of them, or none; `allowsSeveral` says whether an array may be.
  package func identifiers(
    _ key: String, below count: Int, allowsSeveral: Bool
  ) throws(CheckpointError) -> [Int] {
    guard let value = value(key) else { return [] }
    var ids: [Int] = []
    for element in allowsSeveral ? value.array ?? [value] : [value] {
      guard let id = element.int, (0..<count).contains(id) else {
        throw fault(key, value, "a token ID below the vocab_size of \(count)")
      }
      ids.append(id)
    }
    return ids
  }

  package func optionalFlag(_ key: String) throws(CheckpointError) -> Bool? {
    guard let value = value(key) else { return nil }
    guard case .bool(let flag) = value else { throw fault(key, value, "true or false") }
    return flag
  }

  package func optionalNumber(
    _ key: String, in range: ClosedRange<Double>
  ) throws(CheckpointError) -> Double? {
    guard let value = value(key) else { return nil }
    guard let number = value.double, range.contains(number) else {
      throw fault(key, value, "a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  package func fault(_ key: String, _ found: JSONValue?, _ expected: String) -> CheckpointError {
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
