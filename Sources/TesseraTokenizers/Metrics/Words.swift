/// Words, as fertility counts them, in scripts with and without spaces between words.
///
/// White space parts words. A letter of a script that is written without spaces is a word of its own,
/// with the marks, signs and punctuation behind it; so "the mill." has two words, and "川は古い。" four.
/// Scripts without spaces are Han, Hiragana, Katakana, Bopomofo, Yi, Thai, Lao, Khmer, Myanmar and
/// Tibetan.
enum Words {
  /// Calls the body with the range of each word, in order.
  ///
  /// - Parameters:
  ///   - text: UTF-8 or not; a byte that belongs to no character is a sign.
  ///   - body: Gets ranges of `text`.
  /// - Returns: The number of characters in the text, white space included.
  /// - Complexity: O(*n*) time, O(1) memory.
  @discardableResult
  static func forEach(in text: Span<UInt8>, _ body: (Range<Int>) -> Void) -> Int {
    let table = Self.table
    var start: Int?
    /// Whether the current word is a letter of a script without spaces.
    var isSingle = false
    var characterCount = 0
    var position = 0
    while position < text.count {
      let (code, size) = UTF8Decoding.scalar(in: text, at: position)
      let kind = code.map(table.value) ?? Kind.sign
      if kind == Kind.whitespace {
        if let start { body(start..<position) }
        start = nil
      } else if kind == Kind.sign {
        if start == nil {
          start = position
          isSingle = false
        }
      } else {
        if kind == Kind.spacelessLetter || isSingle, let first = start {
          body(first..<position)
          start = nil
        }
        start = start ?? position
        isSingle = kind == Kind.spacelessLetter
      }
      characterCount += 1
      position += size
    }
    if let start { body(start..<position) }
    return characterCount
  }

  /// Whether the characters before and after a position tell what words are there: those of a part
  /// that ends or begins at the position are then the words of the whole text, if the part is looked at
  /// together with the one character beyond.
  ///
  /// White space and letters of scripts without spaces end a word whatever it is. Behind a letter it is
  /// known what goes on with the word; behind a sign it depends on the letter before.
  ///
  /// - Precondition: The position is above 0 and below the size of the text.
  static func areTold(at position: Int, in text: Span<UInt8>) -> Bool {
    if text[position] & 0xC0 == 0x80 { return false }
    let next = kind(at: position, in: text)
    if next == Kind.whitespace || next == Kind.spacelessLetter { return true }
    return kind(at: UTF8Decoding.characterStart(before: position, in: text), in: text) != Kind.sign
  }

  private static func kind(at position: Int, in text: Span<UInt8>) -> UInt8 {
    UTF8Decoding.scalar(in: text, at: position).code.map(table.value) ?? Kind.sign
  }

  /// What a character is to words.
  private enum Kind {
    /// A mark, punctuation, a symbol, or no character at all: part of the word before.
    static let sign: UInt8 = 0
    static let whitespace: UInt8 = 1
    /// A letter or number of a script with spaces.
    static let letter: UInt8 = 2
    static let spacelessLetter: UInt8 = 3
  }

  private static let spacelessScripts = [
    "han", "hiragana", "katakana", "bopomofo", "yi", "thai", "lao", "khmer", "myanmar", "tibetan",
  ]

  private static let table: CharacterClassTable = {
    let spaceless = spacelessScripts.compactMap(CodePointSet.property)
      .reduce(CodePointSet()) { $0.union($1) }
    let boundaries = spaceless.boundaries
    let ranges = CharacterClassTable.unicodeRanges(boundaries: boundaries) { found, code in
      let kind =
        if found.contains(.whitespace) {
          Kind.whitespace
        } else if found.isDisjoint(with: [.upper, .lower, .number]) {
          Kind.sign
        } else if spaceless.contains(code), !found.contains(.number) {
          Kind.spacelessLetter
        } else {
          Kind.letter
        }
      return CharacterClass(rawValue: kind)
    }
    return CharacterClassTable(ranges: ranges)
  }()
}
