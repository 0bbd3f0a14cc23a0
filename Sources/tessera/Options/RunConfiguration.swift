import Foundation  // absolute paths
import Synchronization
import TesseraBasics

/// The options of a run as `configuration.yaml` in its folder has them: what the command line and
/// `--config` gave, and the values of all others that have one, so that
/// `tessera VERB --config FOLDER/configuration.yaml --output OTHER`, called in the same place, does
/// the same again. With `--minutes` the number of steps is measured anew.
///
/// Left out is what does not change the result, and where it goes.
struct RunConfiguration {
  /// The file's name.
  static let fileName = "configuration.yaml"

  /// Options that say nothing about what the result will be.
  private static let passingOptions: Set<String> = [
    "config", "dry-run", "force", "json", "memory", "output", "quiet", "resume", "threads",
  ]

  private let syntax: VerbSyntax
  private let values: [String: [String]]

  /// The options of this process.
  ///
  /// - Precondition: The process runs a verb.
  static var current: RunConfiguration {
    let invocation = Invocation.current.withLock { $0 }
    guard let (syntax, parts) = invocation?.analyzed() else {
      preconditionFailure("a verb is being run")
    }
    return RunConfiguration(parts, of: syntax)
  }

  /// The options of parts of a command line; the last value counts where one is allowed.
  init(_ parts: [VerbSyntax.Part], of syntax: VerbSyntax) {
    var values: [String: [String]] = [:]
    for option in syntax.options {
      if let defaultValue = option.defaultValue { values[option.name] = [defaultValue] }
    }
    var given: Set<String> = []
    for part in parts {
      guard let option = syntax.option(named: part.name) else { continue }
      switch option.kind {
      case .flag: values[part.name] = ["true"]
      default:
        let isFirst = given.insert(part.name).inserted
        values[part.name] =
          option.isRepeating && !isFirst ? (values[part.name] ?? []) + part.values : part.values
      }
    }
    for name in Self.passingOptions { values[name] = nil }
    self.syntax = syntax
    self.values = values
  }

  /// Writes the file into the folder of a run.
  func write(to folder: String) throws(FileError) {
    var text = "# The options of `tessera \(syntax.verb)`, version \(Tessera.version).\n"
    for option in syntax.options {
      guard let values = values[option.name] else { continue }
      text += option.name + ":"
      if option.isRepeating {
        text += "\n" + values.map { "  - \(Self.scalar($0))\n" }.joined()
      } else {
        text += " \(Self.scalar(values.first ?? ""))\n"
      }
    }
    try writeFile(Path.join(folder, Self.fileName), Array(text.utf8))
  }

  /// Sees to it that the run in a folder was started with the same options.
  ///
  /// A folder without the file is taken at its word.
  ///
  /// - Parameter free: The names of options that may differ.
  /// - Throws: ``UsageError`` that names the first other option that differs.
  func checkStarted(in folder: String, except free: Set<String> = []) throws {
    let path = Path.join(folder, Self.fileName)
    guard Path.exists(path) else { return }
    let file = try ConfigurationFile(path, for: syntax)
    let before = RunConfiguration(file.parts, of: syntax).values
    for option in syntax.options where !free.contains(option.name) {
      let (was, now) = (before[option.name], values[option.name])
      guard !Self.isSame(was, now) else { continue }
      throw UsageError(
        "the run in \(folder) was started \(Self.phrase(option, was)), and not "
          + "\(Self.phrase(option, now)); resume with the options of the first call, or start over "
          + "with --force")
    }
  }

  private static func phrase(_ option: VerbSyntax.Option, _ values: [String]?) -> String {
    guard let values else { return "without --\(option.name)" }
    let name = option.kind == .positional ? option.name.uppercased() : "--\(option.name)"
    return "with " + ([name] + (option.kind == .flag ? [] : values)).joined(separator: " ")
  }

  /// Whether values are the same as text, as numbers, or as places in the file system.
  private static func isSame(_ a: [String]?, _ b: [String]?) -> Bool {
    guard let a, let b else { return a == b }
    return a.count == b.count
      && zip(a, b).allSatisfy { a, b in
        if a == b { return true }
        if let x = Double(a), let y = Double(b) { return x == y }
        return Path.exists(a) && Path.exists(b) && place(a) == place(b)
      }
  }

  private static func place(_ path: String) -> String {
    URL(fileURLWithPath: path).resolvingSymlinksInPath().path
  }

  /// A value as YAML: plain where it can be nothing but a number or a name, else in quotes.
  private static func scalar(_ value: String) -> String {
    let isNumber = Double(value) != nil && value.allSatisfy { $0.isASCII && !$0.isLetter }
    if isNumber || value == "true" { return value }
    return String(decoding: JSONValue.string(value).serialized(pretty: false), as: UTF8.self)
  }
}
