import ArgumentParser
import TesseraBasics
import TesseraCorpora
import TesseraTokenizers
import TesseraVocabulary

/// A number of new tokens, or as many as fit the data.
enum NewTokenCount: Equatable, ExpressibleByArgument {
  case auto
  case count(Int)

  init?(argument: String) {
    if argument == "auto" {
      self = .auto
    } else if let count = Int(argument) {
      self = .count(count)
    } else {
      return nil
    }
  }

  var defaultValueDescription: String {
    switch self {
    case .auto: "auto"
    case .count(let count): "\(count)"
    }
  }
}

/// Which tokens are added to a model: the text they are learned from, how many, and which may be.
struct SelectionArguments: ParsableArguments {
  @Option(
    parsing: .upToNextOption,
    help: "Files or folders of text in the new language, - for standard input.",
    completion: .file())
  var corpus: [String] = []

  @Option(
    help: """
      A language and a file or folder of it, as NAME=PATH, instead of a corpus: each language gets its \
      share of the new tokens. (repeatable)
      """,
    completion: .file())
  var language: [String] = []

  @Option(
    help: """
      The share of a language, as NAME=0.4. The languages without one divide what is left. (repeatable; \
      default: equal shares)
      """)
  var share: [String] = []

  @Option(
    help: """
      How many tokens to add; auto: as many as fit the data, until the compression curve bends or \
      training would see a token too rarely.
      """)
  var newTokens = NewTokenCount.auto

  @Option(
    help: """
      Where the curve bends, for --new-tokens auto: where the next hundredth of the tokens gains less than \
      this part of what tokens have gained so far. (default: \(SizeRule().bend))
      """)
  var bend: Double?

  @Option(
    help: """
      How many tokens of the new languages training will see, for --new-tokens auto. (default: not \
      known, and then no token is too rare)
      """)
  var budgetTokens: Int?

  @Option(
    help: """
      How often training must see a new token, with --budget-tokens. (default: \
      \(SizeRule().minimumSightings))
      """)
  var minSeen: Int?

  @Option(help: "A pair must stand this often in the corpus to become a token.")
  var minFrequency = 2

  @Option(help: "The longest new token, in bytes. (default: no limit)")
  var maxTokenLength: Int?

  @Option(
    help: """
      Unicode scripts of which new tokens may have characters, as names or codes with commas between, \
      such as Deva,Latn. Common and Inherited characters always may. (default: all)
      """)
  var scripts: String?

  @Option(
    parsing: .upToNextOption,
    help:
      "Files or folders of text whose IDs must not change: merges that fire in it are not made.",
    completion: .file())
  var protect: [String] = []

  mutating func validate() throws {
    if case .count(let count) = newTokens {
      try checkRange("--new-tokens", count, 1...TokenSelectionOptions.newTokenLimit)
    }
    try checkRange("--min-frequency", minFrequency, 1...Int.max)
    try checkRange("--max-token-length", maxTokenLength, 2...Int.max)
    try checkRange("--budget-tokens", budgetTokens, 1...1_000_000_000_000_000)
    try checkRange("--min-seen", minSeen, 1...1_000_000_000)
    if minSeen != nil && budgetTokens == nil {
      throw ValidationError("--min-seen needs --budget-tokens")
    }
    if let bend, !(bend > 0 && bend < 1) {
      throw ValidationError("--bend must be above 0 and below 1, not \(bend)")
    }
    for (name, isGiven) in [("--bend", bend != nil), ("--budget-tokens", budgetTokens != nil)]
    where isGiven && newTokens != .auto {
      throw ValidationError("\(name) is for --new-tokens auto")
    }
    if !corpus.isEmpty && !language.isEmpty {
      throw ValidationError("give --corpus or --language, not both")
    }
    if !share.isEmpty && language.isEmpty { throw ValidationError("--share needs --language") }
    try checkNamed("--language", language)
    _ = try shares()
    do { _ = try scriptSet() } catch { throw ValidationError("--scripts: \(error)") }
  }

  /// The first option of the group that does not have its default, for where none has a meaning.
  var givenOption: String? {
    let given: [(String, Bool)] = [
      ("--corpus", !corpus.isEmpty), ("--language", !language.isEmpty),
      ("--share", !share.isEmpty), ("--new-tokens", newTokens != .auto),
      ("--bend", bend != nil), ("--budget-tokens", budgetTokens != nil),
      ("--min-seen", minSeen != nil),
      ("--min-frequency", minFrequency != 2), ("--max-token-length", maxTokenLength != nil),
      ("--scripts", scripts != nil), ("--protect", !protect.isEmpty),
    ]
    return given.first { $0.1 }?.0
  }

  /// The languages with their paths; a corpus is one without a name of its own.
  var languages: [(name: String, paths: [String])] {
    language.isEmpty ? [("corpus", corpus)] : languagePaths(language)
  }

  /// All files and folders that are read.
  var paths: [String] { languages.flatMap(\.paths) + protect }

  /// The corpora of the languages with their shares, and the one that is protected.
  func corpora(
    _ documents: DocumentOptions
  ) throws -> (languages: [SelectionCorpus], protected: Corpus?) {
    let languages = languages
    let corpora = try documents.corpora(
      languages.map(\.paths) + (protect.isEmpty ? [] : [protect]))
    let shares = try shares()
    return (
      languages.indices.map {
        SelectionCorpus(name: languages[$0].name, corpus: corpora[$0], share: shares[$0])
      }, protect.isEmpty ? nil : corpora.last
    )
  }

  /// How tokens are chosen.
  func options() throws -> TokenSelectionOptions {
    var options: TokenSelectionOptions
    switch newTokens {
    case .count(let count): options = TokenSelectionOptions(newTokenCount: count)
    case .auto:
      var rule = SizeRule()
      if let bend { rule.bend = bend }
      if let minSeen { rule.minimumSightings = minSeen }
      rule.budgetTokenCount = budgetTokens
      options = TokenSelectionOptions(sizeRule: rule)
    }
    options.minimumFrequency = minFrequency
    options.maximumTokenLength = maxTokenLength
    options.scripts = try scriptSet()
    return options
  }

  private func scriptSet() throws -> ScriptSet? {
    try scripts.map { try ScriptSet($0.split(separator: ",").map(String.init)) }
  }

  /// The share of each language.
  private func shares() throws -> [Double] {
    let names = languages.map(\.name)
    var shares = [Double?](repeating: nil, count: names.count)
    for value in share {
      guard let (name, number) = namedValue(value), let share = Double(number),
        share > 0, share <= 1
      else { throw ValidationError("--share must be NAME=0.4 or the like, not \"\(value)\"") }
      guard let index = names.firstIndex(of: name) else {
        throw ValidationError("--share names \"\(name)\", which is no --language")
      }
      if shares[index] != nil { throw ValidationError("--share is given twice for \"\(name)\"") }
      shares[index] = share
    }
    let rest = 1 - shares.reduce(0) { $0 + ($1 ?? 0) }
    let open = shares.count { $0 == nil }
    // Decimal fractions that add up to one do so up to rounding.
    let tolerance = 1e-9
    if open == 0 ? abs(rest) > tolerance : rest <= tolerance {
      throw ValidationError(
        open == 0
          ? "the shares of all languages must add up to 1, not \(brief(1 - rest))"
          : "the shares leave nothing for the languages without one")
    }
    return shares.map { $0 ?? rest / Double(open) }
  }
}
