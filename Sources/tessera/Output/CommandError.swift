/// What only a command can find wrong.
enum CommandError: Error, Equatable, CustomStringConvertible {
  /// A text that a model should read holds no token.
  case emptyText(file: String)
  /// A file is not the report of a run of `adapt`.
  case malformedReport(path: String, reason: String)

  var description: String {
    switch self {
    case .emptyText(let file): "\(file) is empty: a text with at least one token was expected"
    case .malformedReport(let path, let reason):
      "\(path) is not a report of tessera adapt: \(reason)"
    }
  }
}
