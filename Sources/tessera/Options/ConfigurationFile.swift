import TesseraBasics
import Yams

/// What is wrong with a `--config` file.
enum ConfigurationFileError: Error, Equatable, CustomStringConvertible {
  /// The file is not YAML, or not a mapping of option names to values.
  case malformed(file: String, reason: String)
  /// A key is not an option of the verb.
  case unknownKey(file: String, key: String, verb: String, nearest: String?)
  /// A value is not a scalar, a truth value or a list of scalars.
  case unsupportedValue(file: String, key: String)

  var description: String {
    switch self {
    case .malformed(let file, let reason):
      "\(file) is not a mapping of option names to values: \(reason)"
    case .unknownKey(let file, let key, let verb, let nearest):
      "\(file) has the key \"\(key)\", which is not an option of \(verb)"
        + (nearest.map { "; did you mean \"\($0)\"?" } ?? "")
    case .unsupportedValue(let file, let key):
      "\(file): the value of \"\(key)\" must be a text, a number, true, false, or a list of these"
    }
  }
}

/// Largest configuration file that is read, in bytes.
private let configurationSizeLimit = 1 << 20

/// Replaces `--config FILE` in `arguments` by the options that the file holds.
///
/// A key is an option's long name; a list gives the option several values, `true` sets a flag and
/// `false` leaves it out. What stands on the command line wins: a key whose option is there too is
/// passed over.
///
/// - Parameter knownOptions: The long names that a verb has.
/// - Throws: ``ConfigurationFileError``, or `FileError` where the file cannot be read.
func expandConfiguration(
  _ arguments: [String], knownOptions: (_ verb: String) -> [String]
) throws -> [String] {
  guard let verb = arguments.first, !verb.hasPrefix("-") else { return arguments }
  var rest = Array(arguments.dropFirst())
  var file: String?
  if let index = rest.firstIndex(of: "--config"), index + 1 < rest.count {
    file = rest[index + 1]
    rest.removeSubrange(index...(index + 1))
  } else if let index = rest.firstIndex(where: { $0.hasPrefix("--config=") }) {
    file = String(rest[index].dropFirst("--config=".count))
    rest.remove(at: index)
  }
  guard let file else { return arguments }

  let bytes = try readFile(file, limit: configurationSizeLimit)
  let node: Node?
  do {
    node = try compose(yaml: String(decoding: bytes, as: UTF8.self))
  } catch {
    throw ConfigurationFileError.malformed(file: file, reason: "\(error)")
  }
  guard let node else { return [verb] + rest }
  guard case .mapping(let mapping) = node else {
    throw ConfigurationFileError.malformed(file: file, reason: "the top is not a mapping")
  }

  let known = knownOptions(verb)
  let given = Set(
    rest.filter { $0.hasPrefix("--") }.map { $0.prefix { $0 != "=" }.dropFirst(2) })
  var expanded: [String] = []
  for (keyNode, value) in mapping {
    let key = keyNode.string ?? ""
    guard known.contains(key), key != "config" else {
      let nearest = known.min { editDistance($0, key) < editDistance($1, key) }
      throw ConfigurationFileError.unknownKey(file: file, key: key, verb: verb, nearest: nearest)
    }
    guard !given.contains(key[...]) else { continue }
    switch value {
    case .scalar(let scalar):
      switch scalar.string {
      case "true": expanded.append("--\(key)")
      case "false": break
      case let text: expanded.append("--\(key)=\(text)")
      }
    case .sequence(let items):
      for item in items {
        guard case .scalar(let scalar) = item else {
          throw ConfigurationFileError.unsupportedValue(file: file, key: key)
        }
        expanded.append("--\(key)=\(scalar.string)")
      }
    default:
      throw ConfigurationFileError.unsupportedValue(file: file, key: key)
    }
  }
  return [verb] + expanded + rest
}

/// The number of characters to insert, delete or replace that turn `a` into `b` (Levenshtein).
///
/// - Complexity: O(`a.count` · `b.count`) time, O(`b.count`) memory.
func editDistance(_ a: String, _ b: String) -> Int {
  let b = Array(b)
  var row = Array(0...b.count)
  for (i, x) in a.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for j in b.indices {
      let above = row[j + 1]
      row[j + 1] = min(above + 1, row[j] + 1, diagonal + (x == b[j] ? 0 : 1))
      diagonal = above
    }
  }
  return row[b.count]
}
