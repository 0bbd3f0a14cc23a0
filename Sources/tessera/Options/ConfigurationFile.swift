import TesseraBasics
import Yams

/// What is wrong with a `--config` file.
enum ConfigurationFileError: Error, Equatable, CustomStringConvertible {
  /// The file is not YAML, or not a mapping of option names to values.
  case malformed(file: String, reason: String)
  /// A key is not an option of the verb.
  case unknownKey(file: String, key: String, verb: String, nearest: String?)
  /// A value has not the form that its option takes.
  case unsupportedValue(file: String, key: String, expected: String)
  /// A value has the right form, and the option does not accept it.
  case invalidValue(file: String, key: String, reason: String)

  var description: String {
    switch self {
    case .malformed(let file, let reason):
      "\(file) is not a mapping of option names to values: \(reason)"
    case .unknownKey(let file, let key, let verb, let nearest):
      "\(file) has the key \"\(key)\", which is not an option of \(verb)"
        + (nearest.map { "; did you mean \"\($0)\"?" } ?? "")
    case .unsupportedValue(let file, let key, let expected):
      "\(file): the value of \"\(key)\" must be \(expected)"
    case .invalidValue(let file, let key, let reason):
      "\(file): the value of \"\(key)\" is not accepted: \(reason)"
    }
  }
}

/// A YAML file that gives options of a verb their values.
///
/// A key is an option's long name, or what the help calls the arguments without a name. A flag is
/// true or false, an option is a text or a number, and one that can be given several times may also
/// be a list of these.
struct ConfigurationFile {
  /// Where it is.
  let path: String
  /// The options in the file's order, with their values; a flag that is set has none.
  let parts: [VerbSyntax.Part]

  /// Largest configuration file that is read, in bytes.
  private static let sizeLimit = 1 << 20

  /// Options of which one at most can be given; see the `validate()` of their groups.
  private static let exclusiveOptions: [Set<String>] = [
    ["steps", "tokens", "minutes"], ["lines", "paragraphs"], ["replay", "no-replay"],
    ["corpus", "language", "delta"], ["schedule", "segment"],
    ["data-stage", "curriculum"],
  ]

  /// Reads a file.
  ///
  /// - Throws: ``ConfigurationFileError``, or `FileError` where the file cannot be read.
  init(_ path: String, for syntax: VerbSyntax) throws {
    let bytes = try readFile(path, limit: Self.sizeLimit)
    let node: Node?
    do {
      node = try compose(yaml: String(decoding: bytes, as: UTF8.self))
    } catch {
      throw ConfigurationFileError.malformed(file: path, reason: Self.sentence(of: error))
    }
    self.path = path
    guard let node, !Self.isNothing(node) else {
      parts = []
      return
    }
    guard case .mapping(let mapping) = node else {
      throw ConfigurationFileError.malformed(file: path, reason: "the top is not a mapping")
    }
    var parts: [VerbSyntax.Part] = []
    for (key, value) in mapping {
      let key = key.string ?? ""
      guard let option = syntax.option(named: key), key != "config" else {
        throw ConfigurationFileError.unknownKey(
          file: path, key: key, verb: syntax.verb,
          nearest: nearest(to: key, among: syntax.options.map(\.name).filter { $0 != "config" }))
      }
      guard let values = Self.values(of: value, for: option) else {
        throw ConfigurationFileError.unsupportedValue(
          file: path, key: key, expected: Self.expectation(of: option))
      }
      if option.kind == .flag {
        if values == ["true"] { parts.append(VerbSyntax.Part(name: key, values: [])) }
      } else {
        parts.append(VerbSyntax.Part(name: key, values: values))
      }
    }
    self.parts = parts
  }

  /// The parts that a command line leaves in force: it wins where both give the same option, or
  /// options that exclude each other.
  func parts(beside given: [VerbSyntax.Part]) -> [VerbSyntax.Part] {
    let given = Set(given.map(\.name))
    return parts.filter { part in
      !given.contains(part.name)
        && !Self.exclusiveOptions.contains { $0.contains(part.name) && !$0.isDisjoint(with: given) }
    }
  }

  /// The values of an option; nil if they have not the form that it takes.
  private static func values(of node: Node, for option: VerbSyntax.Option) -> [String]? {
    switch node {
    case .scalar where isNothing(node): return nil
    case .scalar(let scalar):
      if option.kind == .flag { return node.bool.map { ["\($0)"] } }
      return [scalar.string]
    case .sequence(let items):
      guard option.isRepeating, option.kind != .flag else { return nil }
      var values: [String] = []
      for item in items {
        guard case .scalar(let scalar) = item, !isNothing(item) else { return nil }
        values.append(scalar.string)
      }
      return values
    default: return nil
    }
  }

  private static func expectation(of option: VerbSyntax.Option) -> String {
    switch option.kind {
    case .flag: "true or false"
    case _ where option.isRepeating: "a text, a number, or a list of these"
    default: "one text or number"
    }
  }

  private static func isNothing(_ node: Node) -> Bool { node.null != nil }

  /// The first line of an error that shows the place in several.
  private static func sentence(of error: any Error) -> String {
    let text = "\(error)"
    let line = text.prefix { !$0.isNewline }
    return String(line.hasSuffix(":") ? line.dropLast() : line)
  }
}
