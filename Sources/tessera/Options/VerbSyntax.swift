import ArgumentParser
import TesseraBasics

/// What a verb takes, as its help lists it: for files of options, for records of runs, and to tell
/// what on a command line belongs together.
struct VerbSyntax {
  /// One option, flag, or list of arguments without a name.
  struct Option {
    enum Kind { case flag, option, positional }

    /// The long name without dashes; of arguments without a name, what the help calls them.
    var name: String
    /// The name with one dash, if there is one.
    var shortName: String?
    var kind: Kind
    /// Whether it may be given several values.
    var isRepeating: Bool
    /// Whether all words up to the next option are its values.
    var takesAllWords: Bool
    /// The value that it has if it is not given, where it is one of its own.
    var defaultValue: String?
  }

  /// A part of a command line.
  struct Part: Equatable {
    /// The option's long name.
    var name: String
    /// Its values; a flag has none.
    var values: [String]
  }

  /// The verb.
  let verb: String
  /// Its options, in the order of its help; `--help` and `--version` are left out.
  let options: [Option]

  /// The syntax of a verb; nil if there is no such verb.
  init?(ofVerb verb: String) {
    guard let help = try? JSONValue(parsing: Array(Tessera._dumpHelp().utf8)),
      let found = help["command"]?["subcommands"]?.array?
        .first(where: { $0["commandName"]?.string == verb })
    else { return nil }
    self.verb = verb
    options = (found["arguments"]?.array ?? []).compactMap(Option.init).filter {
      $0.name != "help" && $0.name != "version"
    }
  }

  /// The names of all verbs.
  static var verbs: [String] {
    let groups = Tessera.configuration.groupedSubcommands
    return groups.flatMap { $0.subcommands }.compactMap { $0.configuration.commandName }
  }

  /// Takes arguments apart: what is given, in order, and the same arguments with a number below zero
  /// joined to its option, which would pass for an option of its own otherwise.
  func parts(of arguments: [String]) -> (parts: [Part], arguments: [String]) {
    var parts: [Part] = []
    var joined: [String] = []
    let positional = options.first { $0.kind == .positional }?.name ?? ""
    var index = 0
    while index < arguments.count {
      let argument = arguments[index]
      joined.append(argument)
      index += 1
      if argument == "--" {
        parts.append(Part(name: positional, values: Array(arguments[index...])))
        joined += arguments[index...]
        break
      }
      guard argument.hasPrefix("-"), argument != "-", !Self.isNumber(argument) else {
        parts.append(Part(name: positional, values: [argument]))
        continue
      }
      let pieces = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let option = option(written: String(pieces[0])) else { continue }
      var part = Part(name: option.name, values: pieces.dropFirst().map(String.init))
      if option.kind == .option {
        while index < arguments.count, part.values.isEmpty || option.takesAllWords {
          let word = arguments[index]
          if Self.isNumber(word), word.hasPrefix("-"), part.values.isEmpty {
            joined[joined.count - 1] += "=" + word
          } else if word.hasPrefix("-"), word != "-" {
            break
          } else {
            joined.append(word)
          }
          part.values.append(word)
          index += 1
        }
      }
      parts.append(part)
    }
    return (parts, joined)
  }

  /// The option with a long name.
  func option(named name: String) -> Option? { options.first { $0.name == name } }

  private func option(written name: String) -> Option? {
    options.first {
      $0.kind != .positional
        && (name == "--" + $0.name || $0.shortName.map { name == "-" + $0 } == true)
    }
  }

  /// Whether a word is a dash, or none, and a digit or a point with a digit behind it.
  static func isNumber(_ word: String) -> Bool {
    let digits = word.hasPrefix("-") ? word.dropFirst() : word[...]
    return (digits.first == "." ? digits.dropFirst() : digits).first?.isASCIIDigit == true
  }
}

extension VerbSyntax.Option {
  /// An option as the argument parser describes it.
  fileprivate init?(_ description: JSONValue) {
    let names = description["names"]?.array ?? []
    func name(_ kind: String) -> String? {
      names.first { $0["kind"]?.string == kind }?["name"]?.string
    }
    switch description["kind"]?.string {
    case "flag": kind = .flag
    case "option": kind = .option
    default: kind = .positional
    }
    guard let name = kind == .positional ? description["valueName"]?.string : name("long") else {
      return nil
    }
    self.name = name
    shortName = names.first { $0["kind"]?.string == "short" }?["name"]?.string
    isRepeating = description["isRepeating"]?.bool ?? false
    takesAllWords = description["parsingStrategy"]?.string == "upToNextOption"
    defaultValue = kind == .option ? description["defaultValue"]?.string : nil
  }
}

extension Character {
  fileprivate var isASCIIDigit: Bool { isASCII && isNumber }
}

/// The candidate that is most like a misspelled word, if one is like it at all; never the word itself.
func nearest(to word: String, among candidates: [String]) -> String? {
  /// Further away a suggestion is a guess.
  let limit = 3
  return candidates.map { (candidate: $0, distance: editDistance($0, word)) }
    .filter { (1...min(limit, max(1, word.count - 1))).contains($0.distance) }
    .min { $0.distance < $1.distance }?.candidate
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
