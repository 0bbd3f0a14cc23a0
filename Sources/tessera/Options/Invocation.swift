import ArgumentParser
import Synchronization
import TesseraBasics

/// A command line with the options that its `--config` file adds.
struct Invocation {
  /// The verb with its syntax; nil if only the parser knows what is meant, such as `--help`.
  let syntax: VerbSyntax?
  /// What is given, on the command line or in the file.
  let parts: [VerbSyntax.Part]
  /// The words for the argument parser.
  let arguments: [String]
  /// The `--config` file, if there is one.
  let file: ConfigurationFile?

  /// The one that this process runs.
  static let current = Mutex<Invocation?>(nil)

  /// Takes a command line apart, and reads the file that it names.
  ///
  /// - Throws: ``UsageError`` for an unknown verb, ``ConfigurationFileError``, `FileError`.
  init(_ words: [String]) throws {
    guard let verb = words.first, !verb.hasPrefix("-") else {
      self.init(syntax: nil, parts: [], arguments: words, file: nil)
      return
    }
    if verb == "help" {
      if words.count > 1 { try Self.check(verb: words[1]) }
      self.init(syntax: nil, parts: [], arguments: words, file: nil)
      return
    }
    try Self.check(verb: verb)
    guard let syntax = VerbSyntax(ofVerb: verb) else {
      self.init(syntax: nil, parts: [], arguments: words, file: nil)
      return
    }
    let (parts, arguments) = syntax.parts(of: Array(words.dropFirst()))
    guard let path = parts.last(where: { $0.name == "config" })?.values.first else {
      self.init(syntax: syntax, parts: parts, arguments: [verb] + arguments, file: nil)
      return
    }
    let file = try ConfigurationFile(path, for: syntax)
    let added = file.parts(beside: parts)
    var expanded: [String] = []
    var positional: [String] = []
    for part in added {
      switch syntax.option(named: part.name)?.kind {
      case .flag: expanded.append("--\(part.name)")
      case .positional: positional += part.values
      default: expanded += part.values.map { "--\(part.name)=\($0)" }
      }
    }
    if !positional.isEmpty { positional.insert("--", at: 0) }
    self.init(
      syntax: syntax, parts: parts + added, arguments: [verb] + expanded + arguments + positional,
      file: file)
  }

  private init(
    syntax: VerbSyntax?, parts: [VerbSyntax.Part], arguments: [String], file: ConfigurationFile?
  ) {
    self.syntax = syntax
    self.parts = parts
    self.arguments = arguments
    self.file = file
  }

  private static func check(verb: String) throws(UsageError) {
    let verbs = VerbSyntax.verbs
    if verbs.contains(verb) || verb == "help" || verb.hasPrefix("-") { return }
    throw UsageError(
      "there is no verb \"\(verb)\""
        + (nearest(to: verb, among: verbs).map { "; did you mean \"\($0)\"?" } ?? ""))
  }

  /// The usage error as one of the `--config` file, where an option of it is to blame.
  func blame(for reason: String) -> ConfigurationFileError? {
    guard let file else { return nil }
    for part in file.parts where parts.contains(part) {
      let name = "--" + part.name
      var rest = reason[...]
      while let range = rest.firstRange(of: name) {
        rest = rest[range.upperBound...]
        // Not the beginning of a longer name.
        if rest.first.map({ $0.isLetter || $0 == "-" }) != true {
          return .invalidValue(file: file.path, key: part.name, reason: reason)
        }
      }
    }
    return nil
  }
}

/// A command line that cannot be understood.
struct UsageError: Error, Equatable, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
