import ArgumentParser
import TesseraTokenizers

/// Training on several languages such that none is served much worse than another.
struct ParityArguments: ParsableArguments {
  @Option(
    help: """
      A language and a file or folder of it, as NAME=PATH, instead of a corpus: each merge is made for \
      the language that has the least text for each of its tokens. (repeatable)
      """,
    completion: .file())
  var language: [String] = []

  @Option(
    help: """
      What tokens are compared with: the bytes of each language, or its documents, for corpora that \
      are translations of each other. (default: \(ParityOptions().unit.rawValue))
      """)
  var parityUnit: ParityUnit?

  @Option(
    help: """
      How many merges are those of all languages together, before languages take turns. (default: \
      \(ParityOptions().globalMergeCount))
      """)
  var parityAfter: Int?

  mutating func validate() throws {
    try checkRange("--parity-after", parityAfter, 0...tokenCountLimit)
    for (name, isGiven) in [
      ("--parity-unit", parityUnit != nil), ("--parity-after", parityAfter != nil),
    ] where isGiven && language.isEmpty {
      throw ValidationError("\(name) needs --language")
    }
    try checkNamed("--language", language)
  }

  /// How languages are compared.
  var options: ParityOptions {
    var options = ParityOptions()
    if let parityUnit { options.unit = parityUnit }
    if let parityAfter { options.globalMergeCount = parityAfter }
    return options
  }

  /// The paths of each language, in the order in which the languages were given.
  var languages: [(name: String, paths: [String])] { languagePaths(language) }
}

/// A second stage of training, whose tokens may span what the first stage splits at.
struct SuperwordArguments: ParsableArguments {
  @Option(
    help: """
      After so many tokens, split text with --superword-pattern instead, so that tokens may span \
      several words, and go on. The corpus is read twice.
      """)
  var superwordsAfter: Int?

  @Option(
    help: """
      How text is split from then on, and when the tokenizer encodes: a name or a regular expression \
      as for --pattern. (default: none)
      """,
    transform: PreTokenizerPattern.parse)
  var superwordPattern: PreTokenizerPattern?

  mutating func validate() throws {
    if superwordPattern != nil && superwordsAfter == nil {
      throw ValidationError("--superword-pattern needs --superwords-after")
    }
  }
}
