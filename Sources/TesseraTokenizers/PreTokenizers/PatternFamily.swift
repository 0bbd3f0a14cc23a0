/// The switches of a pattern. They are static, so that each pattern is compiled on its own.
protocol PatternFamily {
  /// The classes of characters. Families that tell other characters apart have a table of their own.
  static var table: CharacterClassTable { get }
  /// What words are made of.
  static var word: CharacterClass { get }
  /// Characters of three bytes that are in words whatever is beside them: no isolated ones, and where
  /// words are cased, none with case.
  static var wideWords: WideCharacterSet { get }
  /// What can be no lead of a word, where other than a space can.
  static var nonLeads: CharacterClass { get }
  /// What does not belong to a run of other characters.
  static var nonOthers: CharacterClass { get }
  /// Characters whose runs are pre-tokens by themselves.
  static var isolated: CharacterClass { get }
  /// Those runs are split as the rest of the text is, each by itself.
  static var splitsIsolated: Bool { get }
  /// Characters before which text is split as at its end: an earlier step cuts it there.
  static var edges: CharacterClass { get }
  /// Characters that match only as the lead of a word; else they are between matches.
  static var loose: CharacterClass { get }
  /// Behind these the text can be cut before anything but ``joined`` and apostrophes.
  static var splittable: CharacterClass { get }
  static var joined: CharacterClass { get }
  /// Contractions come before words and are in lower case only.
  static var hasLowercaseContractions: Bool { get }
  /// Contractions come before words, or behind cased words, in any case.
  static var hasContractions: Bool { get }
  /// Words split where the case changes and take marks and a contraction at their end.
  static var hasCasedWords: Bool { get }
  /// A word may begin with any character but newlines, letters and numbers; else with a space.
  static var hasAnyLead: Bool { get }
  /// ASCII letters behind a punctuation mark or symbol of ASCII belong to it.
  static var hasPunctuatedWords: Bool { get }
  /// The most numbers in one pre-token.
  static var numberLimit: Int { get }
  /// A space belongs to the numbers after it.
  static var numbersTakeSpace: Bool { get }
  /// Newlines after a run of other characters belong to it.
  static var otherTakesNewlines: Bool { get }
  /// So do slashes.
  static var otherTakesSlashes: Bool { get }
  /// White space ends after its last newline.
  static var splitsAfterNewlines: Bool { get }
  /// White space at the end of the text is one pre-token, whatever it contains.
  static var keepsFinalWhitespace: Bool { get }
}

extension PatternFamily {
  static var table: CharacterClassTable { .shared }
  static var word: CharacterClass { .letter }
  static var wideWords: WideCharacterSet {
    hasCasedWords ? .caseless : word.contains(.mark) ? .lettersAndMarks : .letters
  }
  static var nonLeads: CharacterClass { .newline }
  static var nonOthers: CharacterClass { [.whitespace, .letter, .number] }
  static var isolated: CharacterClass { [] }
  static var splitsIsolated: Bool { false }
  static var edges: CharacterClass { [] }
  static var loose: CharacterClass { [] }
  static var splittable: CharacterClass { .letter }
  static var joined: CharacterClass { [.letter, .mark, .number] }
  static var hasLowercaseContractions: Bool { false }
  static var hasContractions: Bool { true }
  static var hasCasedWords: Bool { false }
  static var hasAnyLead: Bool { true }
  static var hasPunctuatedWords: Bool { false }
  static var numberLimit: Int { 3 }
  static var numbersTakeSpace: Bool { false }
  static var otherTakesNewlines: Bool { true }
  static var otherTakesSlashes: Bool { false }
  static var splitsAfterNewlines: Bool { true }
  static var keepsFinalWhitespace: Bool { false }
}

extension CharacterClass {
  // Families that know no punctuation or no case use those bits for other things, in their own
  // tables.

  /// The characters that ``PatternFamily/isolated`` names.
  static let ideograph = symbol
  /// Among them punctuation and symbols, and what is neither that nor letter or mark, where that
  /// matters.
  static let isolatedOther = newline
  static let isolatedLoose = punctuation
  /// Letters that are in no word.
  static let hanLetter = punctuation
  /// What is neither letter, mark, number, white space, punctuation nor symbol.
  static let loose = upper
}

extension PreTokenizerPattern {
  /// The switches of a named pattern.
  var family: (any PatternFamily.Type)? {
    switch self {
    case .gpt2: GPT2Family.self
    case .cl100k: CL100KFamily.self
    case .llama3: Llama3Family.self
    case .nanochat: NanochatFamily.self
    case .qwen2: Qwen2Family.self
    case .qwen35: Qwen35Family.self
    case .o200k: O200KFamily.self
    case .tekken: TekkenFamily.self
    case .kimi: KimiFamily.self
    case .deepseek: DeepSeekFamily.self
    case .starcoder: StarCoderFamily.self
    case .falcon: FalconFamily.self
    case .none, .expression: nil
    }
  }
}

enum GPT2Family: PatternFamily {
  static var hasLowercaseContractions: Bool { true }
  static var hasContractions: Bool { false }
  static var hasAnyLead: Bool { false }
  static var numberLimit: Int { .max }
  static var numbersTakeSpace: Bool { true }
  static var otherTakesNewlines: Bool { false }
  static var splitsAfterNewlines: Bool { false }
}

enum CL100KFamily: PatternFamily {
  static var keepsFinalWhitespace: Bool { true }
}

enum Llama3Family: PatternFamily {}

enum NanochatFamily: PatternFamily {
  static var numberLimit: Int { 2 }
}

enum Qwen2Family: PatternFamily {
  static var numberLimit: Int { 1 }
}

enum Qwen35Family: PatternFamily {
  static var word: CharacterClass { [.letter, .mark] }
  static var nonOthers: CharacterClass { [.whitespace, .letter, .mark, .number] }
  static var numberLimit: Int { 1 }
}

enum O200KFamily: PatternFamily {
  static var hasCasedWords: Bool { true }
  static var otherTakesSlashes: Bool { true }
}

enum TekkenFamily: PatternFamily {
  static var hasContractions: Bool { false }
  static var hasCasedWords: Bool { true }
  static var numberLimit: Int { 1 }
  static var otherTakesSlashes: Bool { true }
}

/// Han characters, some of which are numbers, marks or symbols, come first and are in no word; within
/// runs of numbers and others they count as what they are.
enum KimiFamily: PatternFamily {
  static var table: CharacterClassTable { hanTable }
  static let wideWords = WideCharacterSet(hanTable, WideCharacterSet.isCaseless)
  static var nonOthers: CharacterClass { [.whitespace, .letter, .number, .hanLetter] }
  static var isolated: CharacterClass { .ideograph }
  static var splittable: CharacterClass { [.letter, .hanLetter] }
  static var joined: CharacterClass { [.letter, .mark, .number, .ideograph] }
  static var hasCasedWords: Bool { true }

  private static let hanTable: CharacterClassTable = {
    let han = CodePointSet.property("han") ?? CodePointSet()
    return CharacterClassTable(
      ranges: CharacterClassTable.unicodeRanges(boundaries: han.boundaries) { found, code in
        let kept = found.subtracting([.punctuation, .symbol])
        guard han.contains(code) else { return kept }
        let isLetter = !kept.isDisjoint(with: .letter)
        return kept.subtracting([.letter, .mark]).union(
          isLetter ? [.ideograph, .hanLetter] : .ideograph)
      })
  }()
}

/// Three splits after one another: numbers are cut out, then Han characters and kana, and the third
/// splits each part as if it were a text of its own.
enum DeepSeekFamily: PatternFamily {
  static var table: CharacterClassTable { looseTable }
  static var word: CharacterClass { [.lower, .mark] }
  static let wideWords = WideCharacterSet(looseTable) { !$0.isDisjoint(with: word) }
  static var nonLeads: CharacterClass { [.newline, .punctuation] }
  static var nonOthers: CharacterClass {
    [.whitespace, .lower, .mark, .number, .ideograph, .loose]
  }
  static var isolated: CharacterClass { .ideograph }
  static var splitsIsolated: Bool { true }
  static var edges: CharacterClass { [.number, .ideograph] }
  static var loose: CharacterClass { .loose }
  static var splittable: CharacterClass { [.lower, .ideograph] }
  static var joined: CharacterClass { [.lower, .mark, .number, .ideograph] }
  static var hasContractions: Bool { false }
  static var hasPunctuatedWords: Bool { true }

  private static let looseTable: CharacterClassTable = {
    let ideographs = CodePointSet([0x3040...0x30FF, 0x4E00...0x9FA5])
    return CharacterClassTable(
      ranges: CharacterClassTable.unicodeRanges(boundaries: ideographs.boundaries) { found, code in
        if ideographs.contains(code) {
          if found.isEmpty { return [.ideograph, .isolatedLoose] }
          return found.isDisjoint(with: [.punctuation, .symbol])
            ? .ideograph : [.ideograph, .isolatedOther]
        }
        if found.isEmpty { return .loose }
        if !found.isDisjoint(with: .letter) { return .lower }
        return found.isDisjoint(with: .symbol) ? found : .punctuation
      }, illFormed: CharacterClass.loose.rawValue)
  }()
}

/// Single digits are cut out, and what is between is split as GPT-2 does.
enum StarCoderFamily: PatternFamily {
  static var table: CharacterClassTable { numericTable }
  static let wideWords = WideCharacterSet(numericTable) { !$0.isDisjoint(with: .letter) }
  static var edges: CharacterClass { .number }
  static var hasLowercaseContractions: Bool { true }
  static var hasContractions: Bool { false }
  static var hasAnyLead: Bool { false }
  static var numberLimit: Int { 1 }
  static var otherTakesNewlines: Bool { false }
  static var splitsAfterNewlines: Bool { false }

  /// With the digits that the `Digits` of tokenizers knows and its regular expressions do not.
  private static let numericTable: CharacterClassTable = {
    let numbers = PreTokenizerTables.numbers
    return CharacterClassTable(
      ranges: CharacterClassTable.unicodeRanges(boundaries: numbers.boundaries) {
        numbers.contains($1) ? .number : $0
      })
  }()
}

/// Punctuation is cut out, and what is between is split as GPT-2 does. ``FalconScanner`` then splits
/// further, so this is not all of it.
enum FalconFamily: PatternFamily {
  static var table: CharacterClassTable { punctuationTable }
  static let wideWords = WideCharacterSet(punctuationTable) { !$0.isDisjoint(with: .letter) }
  static var nonOthers: CharacterClass { [.whitespace, .letter, .number, .ideograph] }
  static var isolated: CharacterClass { .ideograph }
  static var edges: CharacterClass { .ideograph }
  static var hasContractions: Bool { false }
  static var hasAnyLead: Bool { false }
  static var numberLimit: Int { .max }
  static var numbersTakeSpace: Bool { true }
  static var otherTakesNewlines: Bool { false }
  static var splitsAfterNewlines: Bool { false }

  /// With what the `Punctuation` of tokenizers knows, which is less than P and some more.
  private static let punctuationTable: CharacterClassTable = {
    let punctuation = PreTokenizerTables.punctuation
    return CharacterClassTable(
      ranges: CharacterClassTable.unicodeRanges(boundaries: punctuation.boundaries) {
        punctuation.contains($1) ? .ideograph : $0.subtracting([.punctuation, .symbol])
      })
  }()
}
