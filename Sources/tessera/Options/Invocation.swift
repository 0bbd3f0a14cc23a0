import ArgumentParser
import Synchronization
import TesseraBasics

/// A command line with the options that its `--config` file adds.
struct Invocation {
  /// The verb; nil if only the parser knows what is meant, such as `--help`.
  let verb: String?
  /// The words for the argument parser.
  let arguments: [String]
  /// The `--config` file, if there is one.
  let file: ConfigurationFile?
  /// What the file adds to the command line.
  private let added: [VerbSyntax.Part]

  /// The one that this process runs.
  static let current = Mutex<Invocation?>(nil)

  /// Takes a command line apart, and reads the file that it names.
  ///
  /// Most command lines need no look at the verb's syntax, which takes longer than many a run.
  ///
  /// - Throws: ``UsageError`` for an unknown verb, ``ConfigurationFileError``, `FileError`.
  init(_ words: [String]) throws {
    guard let verb = words.first, !verb.hasPrefix("-"), verb != "help" else {
      if words.count > 1, words[0] == "help" { try Self.check(verb: words[1]) }
      self.init(verb: nil, arguments: words)
      return
    }
    try Self.check(verb: verb)
    let needsSyntax = words.contains {
      $0.hasPrefix("--config") || ($0.hasPrefix("-") && VerbSyntax.isNumber($0))
    }
    guard needsSyntax, let syntax = VerbSyntax(ofVerb: verb) else {
      self.init(verb: verb, arguments: words)
      return
    }
    let (parts, arguments) = syntax.parts(of: Array(words.dropFirst()))
    guard let path = parts.last(where: { $0.name == "config" })?.values.first else {
      self.init(verb: verb, arguments: [verb] + arguments)
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
      verb: verb, arguments: [verb] + expanded + arguments + positional, file: file, added: added)
  }

  private init(
    verb: String?, arguments: [String], file: ConfigurationFile? = nil,
    added: [VerbSyntax.Part] = []
  ) {
    self.verb = verb
    self.arguments = arguments
    self.file = file
    self.added = added
  }

  /// What is given, on the command line or in the file, with the verb's syntax; nil without a verb.
  func analyzed() -> (syntax: VerbSyntax, parts: [VerbSyntax.Part])? {
    guard let verb, let syntax = VerbSyntax(ofVerb: verb) else { return nil }
    return (syntax, syntax.parts(of: Array(arguments.dropFirst())).parts)
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
    for part in added {
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
