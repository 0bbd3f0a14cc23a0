extension PreTokens {
  /// Runs of word characters, and runs of what is neither a word character nor white space: the
  /// expression `\w+|[^\w\s]+`.
  mutating func splitIntoWords() {
    enum Kind { case word, whitespace, other }
    func kind(_ code: UInt32?) -> Kind {
      guard let code else { return .other }
      if WordCharacters.contains(code) { return .word }
      return CharacterClassTable.shared[code].contains(.whitespace) ? .whitespace : .other
    }
    split(.removed, isInverted: true) { text, body in
      var start = 0
      while start < text.count {
        let (code, size) = UTF8Decoding.scalar(in: text, at: start)
        let first = kind(code)
        var end = start + size
        while end < text.count {
          let (code, size) = UTF8Decoding.scalar(in: text, at: end)
          if kind(code) != first { break }
          end += size
        }
        if first != .whitespace { body(start..<end) }
        start = end
      }
    }
  }

  /// Pre-tokens of a number of characters, which is not 0.
  mutating func split(intoCharacters length: Int) {
    precondition(length > 0, "a pre-token has characters")
    split(.isolated) { text, body in
      var start = 0
      var position = 0
      var count = 0
      while position < text.count {
        position += UTF8Decoding.scalar(in: text, at: position).size
        count += 1
        if count == length || position == text.count {
          body(start..<position)
          (start, count) = (position, 0)
        }
      }
    }
  }

  /// Splits where the script changes.
  ///
  /// Some characters go with every script: spaces, and what has none. Kana and the prolonged sound
  /// mark count as Han. As in tokenizers, what comes before the first character with a script is
  /// left out.
  mutating func splitWhereScriptChanges() {
    split(.removed, isInverted: true) { text, body in
      var start: Int?
      var position = 0
      var last: UInt8 = 0
      while position < text.count {
        let (code, size) = UTF8Decoding.scalar(in: text, at: position)
        let script = code.map(Scripts.number(of:)) ?? 0
        if script != 0, script != last {
          if let start { body(start..<position) }
          start = position
          last = script
        }
        position += size
      }
      if let start { body(start..<position) }
    }
  }
}

/// The scripts that `UnicodeScripts` keeps apart.
enum Scripts {
  private static let firsts = PreTokenizerTables.scriptRuns.map { $0 >> 8 }

  /// The number of a code point's script; 0 goes with every script.
  static func number(of code: UInt32) -> UInt8 {
    UInt8(
      truncatingIfNeeded: PreTokenizerTables.scriptRuns[firsts.partitioningIndex(of: code) - 1])
  }
}
