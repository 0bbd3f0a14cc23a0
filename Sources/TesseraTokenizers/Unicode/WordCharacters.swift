/// What a regular expression's `\w` holds, as the `single_word` flag of added tokens has it.
///
/// Alphabetic, M, Nd, Pc and Join_Control of Unicode 16.0: letters and marks, and the ranges of
/// ``unicodeWordRanges``.
package enum WordCharacters {
  /// Whether a code point is one of them.
  ///
  /// - Precondition: `code` is less than 0x110000.
  package static func contains(_ code: UInt32) -> Bool {
    let lettersAndMarks: CharacterClass = [.letter, .mark]
    if !CharacterClassTable.shared[code].isDisjoint(with: lettersAndMarks) { return true }
    var lower = 0
    var upper = unicodeWordRanges.count
    while lower < upper {
      let middle = (lower + upper) / 2
      if unicodeWordRanges[middle].upperBound < code { lower = middle + 1 } else { upper = middle }
    }
    return lower < unicodeWordRanges.count && unicodeWordRanges[lower].contains(code)
  }
}
