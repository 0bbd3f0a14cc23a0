import ArgumentParser

/// Corpora of the command line as NAME=PATH, or PATH for the name as well; a name that is given several
/// times joins its paths.
///
/// - Returns: The corpora in the order in which their names were given first.
/// - Throws: ``UsageError`` for one without a name before the sign, or without a path.
func namedPaths(_ arguments: [String]) throws -> [(name: String, paths: [String])] {
  var named: [(name: String, paths: [String])] = []
  for argument in arguments {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let isNamed = parts.count == 2 && !parts[0].contains("/")
    let name = isNamed ? String(parts[0]) : argument
    let path = isNamed ? String(parts[1]) : argument
    if name.isEmpty || path.isEmpty {
      throw UsageError(
        "the corpus \"\(argument)\" has no \(path.isEmpty ? "path" : "name"); NAME=PATH or PATH is "
          + "expected")
    }
    if let index = named.firstIndex(where: { $0.name == name }) {
      named[index].paths.append(path)
    } else {
      named.append((name, [path]))
    }
  }
  return named
}

/// The parts of NAME=VALUE; nil if one of them is missing.
func namedValue(_ argument: String) -> (name: String, value: String)? {
  let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
  guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
  return (String(parts[0]), String(parts[1]))
}

/// Refuses arguments that are not NAME=PATH.
func checkNamed(_ option: String, _ arguments: [String]) throws {
  for argument in arguments where namedValue(argument) == nil {
    throw ValidationError("\(option) must be NAME=PATH, not \"\(argument)\"")
  }
}

/// The paths of each language of arguments that are NAME=PATH, in the order in which names were given first.
func languagePaths(_ arguments: [String]) -> [(name: String, paths: [String])] {
  var languages: [(name: String, paths: [String])] = []
  for (name, path) in arguments.compactMap(namedValue) {
    if let index = languages.firstIndex(where: { $0.name == name }) {
      languages[index].paths.append(path)
    } else {
      languages.append((name, [path]))
    }
  }
  return languages
}
