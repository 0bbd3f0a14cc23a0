// One scanner for the family of patterns that GPT-2 began.
//
// All of these patterns are the same machine with a few switches, which are in PatternFamily.swift. At
// each position the first character decides:
//
//   isolated              a run of its own, where the family has such characters
//   apostrophe            a contraction ('s 't 're 've 'm 'll 'd), where the family has them first
//   letter                a word
//   number                up to `numberLimit` numbers
//   lead, then letter     a word; the lead is a space, or anything but newline, letter and number
//   [space] other         a run of characters that are neither white space, letter nor number
//   white space           a run: up to its last newline; else all but its last character, which
//                         then leads what follows; else all of it
//   loose                 what the pattern leaves between its matches
//
// Look-ahead is at most one character beyond a run, so the scanner is linear: no character is
// looked at more than a small constant number of times.

/// Finds the ends of pre-tokens in a text.
@safe
struct PatternScanner<Family: PatternFamily> {
  private let table = Family.table
  private let wideWords = Family.wideWords
  private let bytes: UnsafePointer<UInt8>
  private let end: Int

  /// - Precondition: `text` outlives the scanner.
  @unsafe
  init(text: UnsafeBufferPointer<UInt8>, base: UnsafePointer<UInt8>) {
    unsafe bytes = base
    end = text.count
  }

  private static var letter: UInt8 { CharacterClass.letter.rawValue }
  private static var mark: UInt8 { CharacterClass.mark.rawValue }
  private static var number: UInt8 { CharacterClass.number.rawValue }
  private static var whitespace: UInt8 { CharacterClass.whitespace.rawValue }
  private static var newline: UInt8 { CharacterClass.newline.rawValue }
  private static var upperOrMark: UInt8 {
    CharacterClass.upper.rawValue | CharacterClass.mark.rawValue
  }
  private static var lowerOrMark: UInt8 {
    CharacterClass.lower.rawValue | CharacterClass.mark.rawValue
  }

  /// The class and the size of the character at `position`, which is before the end.
  @inline(__always)
  private func character(at position: Int) -> (class: UInt8, size: Int) {
    // SAFETY: callers compare `position` with `end` first; the initializer's caller keeps the
    // text alive.
    unsafe table.character(in: bytes, at: position, end: end)
  }

  /// The byte at `position`, which is before the end.
  @inline(__always)
  private func byte(at position: Int) -> UInt8 {
    // SAFETY: as above.
    unsafe bytes[position]
  }

  /// The end of the pre-token that begins at `start`.
  ///
  /// - Precondition: `start` is before the end of the text.
  @inline(__always)
  func preTokenEnd(from start: Int) -> Int {
    // Most pre-tokens are a word of ASCII or of characters without case, most of them after a space.
    let word = byte(at: start) == UInt8(ascii: " ") ? start + 1 : start
    if word < end {
      if ASCIIWords.isLetter(byte(at: word)) {
        return Family.hasCasedWords
          ? (asciiCasedWordEnd(from: word) ?? casedWordEnd(lead: start, word: word) ?? word + 1)
          : runEnd(from: word, of: Family.word.rawValue)
      }
      let wideEnd = wideRunEnd(from: word)
      if wideEnd > word {
        return Family.hasCasedWords
          ? (casedWordEnd(lead: start, word: word, wideEnd: wideEnd) ?? wideEnd)
          : runEnd(from: wideEnd, of: Family.word.rawValue)
      }
    }
    return otherPreTokenEnd(from: start)
  }

  /// The end of a pre-token that is no ASCII word with or without a space before it.
  private func otherPreTokenEnd(from start: Int) -> Int {
    let (first, size) = character(at: start)
    let next = start + size

    if first & Family.isolated.rawValue != 0 {
      if Family.splitsIsolated { return isolatedPartEnd(from: start, first: first, next: next) }
      return runEnd(from: next, of: Family.isolated.rawValue)
    }
    if Family.hasCasedWords {
      if first & Self.letter != 0 { return casedWordEnd(lead: start, word: start) ?? next }
    } else if first & Family.word.rawValue != 0 {
      return runEnd(from: next, of: Family.word.rawValue)
    }
    if first & Self.number != 0 { return numberEnd(from: next) }

    if Family.hasLowercaseContractions || (Family.hasContractions && !Family.hasCasedWords),
      byte(at: start) == UInt8(ascii: "'")
    {
      let contraction = contractionEnd(at: start)
      if contraction > start { return contraction }
    }

    if Family.hasPunctuatedWords, size == 1, next < end, first & Family.nonOthers.rawValue == 0,
      byte(at: start) < 0x80, ASCIIWords.isLetter(byte(at: next))
    {
      return asciiLetterEnd(from: next + 1)
    }

    let isSpace = byte(at: start) == UInt8(ascii: " ")
    if next < end {
      let (second, secondSize) = character(at: next)
      if Family.hasCasedWords {
        // A mark may lead a word and may be the word itself.
        if first & Self.newline == 0, second & (Self.letter | Self.mark) != 0,
          let wordEnd = casedWordEnd(lead: start, word: next)
        {
          return wordEnd
        }
        if first & Self.mark != 0,
          let wordEnd = casedWordEnd(lead: start, word: start)
        {
          return wordEnd
        }
      } else if Family.hasAnyLead ? first & Family.nonLeads.rawValue == 0 : isSpace,
        second & Family.word.rawValue != 0
      {
        return runEnd(from: next + secondSize, of: Family.word.rawValue)
      }
      if Family.numbersTakeSpace, isSpace, second & Self.number != 0 {
        return numberEnd(from: next + secondSize)
      }
      if isSpace, second & Family.nonOthers.rawValue == 0 {
        return otherEnd(from: next + secondSize)
      }
    } else if Family.hasCasedWords, first & Self.mark != 0 {
      return next
    }
    if first & Family.loose.rawValue != 0 { return looseEnd(from: start, next: next) }
    if first & Self.whitespace == 0 { return otherEnd(from: next) }
    return whitespaceEnd(from: start, first: first, next: next)
  }

  /// The end of the run of characters of ``PatternFamily/wideWords``; it may stop early before the
  /// text ends.
  @inline(__always)
  private func wideRunEnd(from start: Int) -> Int {
    // SAFETY: the initializer's caller keeps the text alive.
    unsafe wideWords.runEnd(in: bytes, from: start, end: end)
  }

  /// The end of the run of characters of the given classes.
  @inline(__always)
  private func runEnd(from start: Int, of classes: UInt8) -> Int {
    var position = start
    if classes == Family.word.rawValue, !Family.hasCasedWords {
      position = asciiRunEnd(from: start, ASCIIWords.nonLetters)
    }
    while position < end {
      let (found, size) = character(at: position)
      if found & classes == 0 { break }
      position += size
    }
    return position
  }

  /// The end of a run of ASCII characters, eight at a time; it may stop early before the text ends.
  ///
  /// - Parameter others: Marks the bytes that do not belong to the run, in their top bits.
  @inline(__always)
  private func asciiRunEnd(from start: Int, _ others: (UInt64) -> UInt64) -> Int {
    var position = start
    while position + 8 <= end {
      let found = others(word(at: position))
      if found != 0 { return position + found.trailingZeroBitCount >> 3 }
      position += 8
    }
    return position
  }

  /// The eight bytes at `position`, the first one in the low bits.
  @inline(__always)
  private func word(at position: Int) -> UInt64 {
    // SAFETY: callers see to it that eight bytes are left.
    unsafe UInt64(
      littleEndian: UnsafeRawPointer(bytes + position).loadUnaligned(as: UInt64.self))
  }

  /// The end of a cased word that is all ASCII and so short of the end of the text that eight bytes
  /// can be read; `nil` for others, which ``casedWordEnd(lead:word:)`` finds.
  @inline(__always)
  private func asciiCasedWordEnd(from start: Int) -> Int? {
    guard start + 8 <= end else { return nil }
    let afterUpper = asciiRunEnd(from: start, ASCIIWords.nonUppers)
    guard afterUpper + 8 <= end else { return nil }
    let afterLower = asciiRunEnd(from: afterUpper, ASCIIWords.nonLowers)
    // What follows must be seen: the run may have stopped early, and a character beyond ASCII may
    // belong to the word.
    guard afterLower < end else { return nil }
    let following = byte(at: afterLower)
    guard following < 0x80, following &- UInt8(ascii: "a") >= 26 else { return nil }
    return wordContractionEnd(at: afterLower)
  }

  @inline(__always)
  private func numberEnd(from start: Int) -> Int {
    var position = start
    var count = 1
    while position < end, count < Family.numberLimit {
      let (found, size) = character(at: position)
      if found & Self.number == 0 { break }
      position += size
      count += 1
    }
    return position
  }

  @inline(__always)
  private func otherEnd(from start: Int) -> Int {
    var position = start
    while position < end {
      let (found, size) = character(at: position)
      if found & Family.nonOthers.rawValue != 0 { break }
      position += size
    }
    if Family.otherTakesNewlines {
      while position < end {
        let byte = byte(at: position)
        let isTail =
          byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
          || (Family.otherTakesSlashes && byte == UInt8(ascii: "/"))
        if !isTail { break }
        position += 1
      }
    }
    return position
  }

  /// The end of white space that nothing else took.
  @inline(__always)
  private func whitespaceEnd(from start: Int, first: UInt8, next: Int) -> Int {
    var position = next
    var last = start
    var afterNewline = first & Self.newline != 0 ? next : start
    var isAtEdge = true
    while position < end {
      let (found, size) = character(at: position)
      if found & Self.whitespace == 0 {
        isAtEdge = found & Family.edges.rawValue != 0
        break
      }
      last = position
      position += size
      if found & Self.newline != 0 { afterNewline = position }
    }
    if Family.keepsFinalWhitespace, position == end { return end }
    if Family.splitsAfterNewlines, afterNewline > start { return afterNewline }
    // All of it at the end of the text or if it is one character, else all but the last one.
    return isAtEdge || last == start ? position : last
  }

  /// The end of the run of ASCII letters.
  func asciiLetterEnd(from start: Int) -> Int {
    var position = asciiRunEnd(from: start, ASCIIWords.nonLetters)
    while position < end, ASCIIWords.isLetter(byte(at: position)) { position += 1 }
    return position
  }

  /// The end of a part of a run of characters that is cut out and then split like the rest: of words,
  /// of other characters, or of such that match nothing but may lead a word.
  private func isolatedPartEnd(from start: Int, first: UInt8, next: Int) -> Int {
    let isolated = Family.isolated.rawValue
    let kinds =
      isolated | CharacterClass.isolatedOther.rawValue | CharacterClass.isolatedLoose.rawValue
    var kind = first & kinds
    var position = next
    var last = start
    while position < end {
      let (found, size) = character(at: position)
      if found & kinds != kind {
        let isLead = kind & CharacterClass.isolatedLoose.rawValue != 0 && found & kinds == isolated
        if !isLead { break }
        if last > start { return last }
        kind = isolated
      }
      last = position
      position += size
    }
    return position
  }

  /// The end of characters that match nothing; the last one before a word is the word's lead.
  private func looseEnd(from start: Int, next: Int) -> Int {
    var position = next
    var last = start
    while position < end {
      let (found, size) = character(at: position)
      if found & Family.loose.rawValue == 0 {
        return found & Family.word.rawValue != 0 && last > start ? last : position
      }
      last = position
      position += size
    }
    return position
  }

  /// The end of a word in which lower case follows upper case, or `nil` if there is none.
  ///
  ///     lead? upper* lower+ contraction?   or else   lead? upper+ lower* contraction?
  ///
  /// Letters without case and marks are both upper and lower. `upper*` is greedy, and gives back
  /// down to the last character that is also lower if nothing lower follows it.
  ///
  /// - Parameters:
  ///   - lead: Where the pre-token begins.
  ///   - word: Where the word begins: at `lead`, or one character after it.
  ///   - wideEnd: How far it is known to consist of letters without case and marks.
  @inline(__always)
  private func casedWordEnd(lead: Int, word: Int, wideEnd: Int? = nil) -> Int? {
    var position = wideEnd ?? word
    var afterLastLower = position
    while position < end {
      let (found, size) = character(at: position)
      if found & Self.upperOrMark == 0 {
        if found & Self.lowerOrMark != 0 {
          let wordEnd = runEnd(from: position + size, of: Self.lowerOrMark)
          return wordContractionEnd(at: wordEnd)
        }
        break
      }
      position += size
      if found & Self.lowerOrMark != 0 { afterLastLower = position }
    }
    if afterLastLower > word { return wordContractionEnd(at: afterLastLower) }
    // Without lower: a lead that is a mark is tried as the word itself before upper+ is.
    if position > word {
      if lead < word, character(at: lead).class & Self.mark != 0 {
        return wordContractionEnd(at: word)
      }
      return wordContractionEnd(at: position)
    }
    return nil
  }

  @inline(__always)
  private func wordContractionEnd(at position: Int) -> Int {
    Family.hasContractions && position < end && byte(at: position) == UInt8(ascii: "'")
      ? contractionEnd(at: position) : position
  }

  /// The end of the contraction at an apostrophe, or the position itself if there is none.
  private func contractionEnd(at apostrophe: Int) -> Int {
    let start = apostrophe + 1
    guard start < end else { return apostrophe }
    var first = byte(at: start)
    let second = start + 1 < end ? byte(at: start + 1) : 0
    // U+017F, the long s, is an s in any case.
    if !Family.hasLowercaseContractions, first == 0xC5, second == 0xBF { return start + 2 }
    var other = second
    if !Family.hasLowercaseContractions {
      first |= 0x20
      other |= 0x20
    }
    switch first {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"):
      return start + 1
    case UInt8(ascii: "r"), UInt8(ascii: "v"):
      return other == UInt8(ascii: "e") ? start + 2 : apostrophe
    case UInt8(ascii: "l"):
      return other == UInt8(ascii: "l") ? start + 2 : apostrophe
    default:
      return apostrophe
    }
  }
}
