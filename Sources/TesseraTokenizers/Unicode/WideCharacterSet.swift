/// A set of characters that have three bytes in UTF-8, as most letters without case do.
///
/// A bit for each of them, in words of 64 by the first two bytes: with one table that a script needs
/// little of, a character is decoded, checked and classified in a few instructions.
@safe
struct WideCharacterSet: Sendable {
  private nonisolated(unsafe) let words: UnsafePointer<UInt64>

  /// The words that two bytes choose from: four bits of the first one and six of the second.
  private static let wordCount = 1 << 10

  /// Makes a set, whose memory is never freed.
  ///
  /// - Parameters:
  ///   - table: The classes of characters.
  ///   - isMember: Whether characters of a class belong to the set.
  init(_ table: CharacterClassTable, _ isMember: (CharacterClass) -> Bool) {
    var members = [UInt64](repeating: 0, count: Self.wordCount)
    // Below and between, such bytes are ill-formed: overlong, or surrogates.
    for codes in [0x0800...0xD7FF, 0xE000...0xFFFF] as [ClosedRange<UInt32>] {
      for code in codes where isMember(table[code]) {
        members[Int(code >> 6)] |= 1 << UInt64(code & 63)
      }
    }
    let memory = UnsafeMutableBufferPointer<UInt64>.allocate(capacity: Self.wordCount)
    // SAFETY: fully initialized here, and never written afterwards.
    _ = unsafe memory.initialize(from: members)
    unsafe words = UnsafePointer(memory.baseAddress!)
  }

  /// The end of the run of such characters that begins at `start`; it may stop early before the end.
  ///
  /// - Precondition: `bytes[start..<end]` can be read.
  @inline(__always)
  @unsafe
  func runEnd(in bytes: UnsafePointer<UInt8>, from start: Int, end: Int) -> Int {
    var position = start
    while position &+ 4 <= end {
      // SAFETY: four bytes are left; four and six bits choose one of 1,024 words.
      let character = unsafe UInt32(
        littleEndian: UnsafeRawPointer(bytes + position).loadUnaligned(as: UInt32.self))
      guard character & 0xC0_C0F0 == 0x80_80E0 else { break }
      let word = unsafe words[
        Int(truncatingIfNeeded: (character & 0xF) &<< 6 | character &>> 8 & 0x3F)]
      if word &>> UInt64(truncatingIfNeeded: character &>> 16 & 0x3F) & 1 == 0 { break }
      position &+= 3
    }
    return position
  }
}

extension WideCharacterSet {
  /// Letters, as Unicode has them.
  static let letters = WideCharacterSet(.shared) { !$0.isDisjoint(with: .letter) }

  /// Letters and marks.
  static let lettersAndMarks = WideCharacterSet(.shared) {
    !$0.isDisjoint(with: [.letter, .mark])
  }

  /// Letters without case, and marks.
  static let caseless = WideCharacterSet(.shared, isCaseless)

  /// Whether characters of a class are both upper and lower where words are cased.
  static func isCaseless(_ found: CharacterClass) -> Bool {
    !found.isDisjoint(with: [.upper, .mark]) && !found.isDisjoint(with: [.lower, .mark])
  }
}
