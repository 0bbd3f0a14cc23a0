import ArgumentParser

/// The parts of NAME=VALUE; nil if one of them is missing.
func namedValue(_ argument: String) -> (name: String, value: String)? {
  let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
  guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
  return (String(parts[0]), String(parts[1]))
}

/// Corpora of the command line as NAME=PATH, or PATH for the name as well, where what has a slash is no
/// name; a name that is given several times joins its paths.
///
/// - Returns: The corpora in the order in which their names were given first.
/// - Throws: ``UsageError`` for one without a name before the sign, or without a path.
func namedPaths(_ arguments: [String]) throws -> [(name: String, paths: [String])] {
  joinedByName(
    try arguments.map { argument in
      let sign = argument.firstIndex(of: "=")
      let isNamed = sign.map { !argument[..<$0].contains("/") } ?? argument.isEmpty
      guard isNamed else { return (argument, argument) }
      guard let named = namedValue(argument) else {
        let missing = sign == argument.indices.last ? "path" : "name"
        throw UsageError(
          "the corpus \"\(argument)\" has no \(missing); NAME=PATH or PATH is expected")
      }
      return named
    })
}

/// What the one source of a corpus is called where no argument has a name.
let unnamedSource = "corpus"

/// The sources of a corpus: one that is called "corpus" where no argument is NAME=PATH, else those of
/// ``namedPaths(_:)``.
func sources(ofCorpus arguments: [String]) throws -> [(name: String, paths: [String])] {
  let named = try namedPaths(arguments)
  let isNamed = named.contains { $0.paths != [$0.name] }
  return isNamed || arguments.isEmpty ? named : [(unnamedSource, arguments)]
}

/// Refuses arguments that are not NAME=PATH.
func checkNamed(_ option: String, _ arguments: [String]) throws {
  for argument in arguments where namedValue(argument) == nil {
    throw ValidationError("\(option) must be NAME=PATH, not \"\(argument)\"")
  }
}

/// The paths of each language of arguments that are NAME=PATH, in the order in which names were given first.
func languagePaths(_ arguments: [String]) -> [(name: String, paths: [String])] {
  joinedByName(arguments.compactMap(namedValue))
}

/// The paths of each name, in the order in which names were given first.
private func joinedByName(
  _ arguments: [(name: String, value: String)]
) -> [(name: String, paths: [String])] {
  var joined: [(name: String, paths: [String])] = []
  for (name, path) in arguments {
    if let index = joined.firstIndex(where: { $0.name == name }) {
      joined[index].paths.append(path)
    } else {
      joined.append((name, [path]))
    }
  }
  return joined
}
