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
