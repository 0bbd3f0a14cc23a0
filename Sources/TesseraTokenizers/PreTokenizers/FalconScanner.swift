// Falcon splits in four steps: at punctuation; as GPT-2 does; at digits; and three digits at a time.
// The second step is the last one that sees the text: its ByteLevel puts characters in the place of
// bytes, and six of these are digits, ² ³ ¹ ¼ ½ ¾ for the bytes B2 B3 B9 BC BD BE. So the third step
// cuts many characters beyond ASCII into pieces.
//
// The first two are those of FalconFamily. Where the others cut depends on a few bytes around a
// place, so one can go on from any of them: also within a character, by its class.

/// Finds the ends of pre-tokens as Falcon's tokenizer does.
@safe
struct FalconScanner {
  private let scanner: PatternScanner<FalconFamily>
  private let bytes: UnsafePointer<UInt8>
  private let end: Int

  /// - Precondition: `text` outlives the scanner.
  @unsafe
  init(text: UnsafeBufferPointer<UInt8>, base: UnsafePointer<UInt8>) {
    scanner = unsafe PatternScanner<FalconFamily>(text: text, base: base)
    unsafe bytes = base
    end = text.count
  }

  /// The end of the pre-token that begins at `start`, which is before the end.
  func preTokenEnd(from start: Int) -> Int {
    // Most pre-tokens are an ASCII word, most of them after a space.
    let word = byte(at: start) == UInt8(ascii: " ") ? start + 1 : start
    if word < end, ASCIIWords.isLetter(byte(at: word)) {
      let wordEnd = scanner.asciiLetterEnd(from: word)
      if wordEnd == end || byte(at: wordEnd) < 0x80 { return wordEnd }
    }
    var (run, runEnd) = opening(at: start)
    var position = start + 1
    while true {
      if position == runEnd {
        guard let run, position < end else { return position }
        let (found, size) = character(at: position)
        guard run.contains(found) else { return position }
        runEnd += size
      }
      if isCut(at: position, from: start) { return position }
      position += 1
    }
  }

  /// A run of characters that GPT-2's pattern keeps together.
  private struct Run {
    /// The classes of its characters; none for those that are neither letters, numbers, white space
    /// nor punctuation.
    var classes: UInt8

    init(of character: UInt8) {
      let kinds: [CharacterClass] = [.letter, .number, .ideograph]
      classes = kinds.first { $0.rawValue & character != 0 }?.rawValue ?? 0
    }

    func contains(_ character: UInt8) -> Bool {
      classes == 0
        ? character & FalconFamily.nonOthers.rawValue == 0 : character & classes != 0
    }
  }

  /// The run that a position is in, and the end of the characters of it that are certain: of the one
  /// there, and of one behind a space that belongs to it. White space is no run.
  private func opening(at start: Int) -> (run: Run?, end: Int) {
    var first = start
    // Within a character: it began before.
    while first > 0, start - first < 3, byte(at: first) & 0xC0 == 0x80 { first -= 1 }
    if first < start {
      let (found, size) = character(at: first)
      if first + size > start { return (Run(of: found), first + size) }
    }
    let (found, size) = character(at: start)
    guard found & CharacterClass.whitespace.rawValue != 0 else {
      return (Run(of: found), start + size)
    }
    if byte(at: start) == UInt8(ascii: " "), start + 1 < end {
      let (second, secondSize) = character(at: start + 1)
      let apart = CharacterClass([.whitespace, FalconFamily.edges])
      if second & apart.rawValue == 0 { return (Run(of: second), start + 1 + secondSize) }
    }
    return (nil, scanner.preTokenEnd(from: start))
  }

  /// Whether a pre-token that begins at `start` is cut at a position within its run.
  private func isCut(at position: Int, from start: Int) -> Bool {
    let isDigit = Self.isDigit(byte(at: position))
    if isDigit != Self.isDigit(byte(at: position - 1)) { return true }
    guard isDigit else { return false }
    return isTriple(at: start) ? position == start + 3 : isTriple(at: position)
  }

  /// Whether three digits of ASCII are at a position; in a run of digits they follow one another.
  private func isTriple(at position: Int) -> Bool {
    position + 3 <= end && (position..<position + 3).allSatisfy { byte(at: $0) &- 0x30 < 10 }
  }

  /// Whether the character in the place of a byte is a digit for tokenizers.
  private static func isDigit(_ byte: UInt8) -> Bool {
    byte < 0x80
      ? byte &- 0x30 < 10
      : byte == 0xB2 || byte == 0xB3 || byte == 0xB9 || (0xBC...0xBE).contains(byte)
  }

  private func character(at position: Int) -> (class: UInt8, size: Int) {
    // SAFETY: callers compare `position` with `end` first.
    unsafe FalconFamily.table.character(in: bytes, at: position, end: end)
  }

  private func byte(at position: Int) -> UInt8 {
    // SAFETY: as above.
    unsafe bytes[position]
  }
}
