internal import TesseraBasics

/// The tokens of a text, which bytes each stands for, and which of them begin a word.
package struct TokenizedText: Sendable {
  /// The tokens, without any that surround a text.
  package var ids: [TokenID]
  /// Which bytes of the text each stands for; a token of a part of a character has the whole character.
  package var offsets: [Range<Int>]
  /// Whether each is the first of a pre-token, or an added token.
  package var beginsWord: [Bool]
}

extension Tokenizer {
  /// The tokens of texts with the words that they are parts of, where a word is what merges never cross: a
  /// pre-token. Text that looks like a special token is text.
  ///
  /// The tokens are those of ``encodeDocuments(_:)``; this is the slower way.
  ///
  /// - Throws: ``TokenizerError/textGrowsTooLong(size:limit:)``.
  package func tokenizedTexts(_ texts: [[UInt8]]) throws(TokenizerError) -> [TokenizedText] {
    try parallelMap(texts.count) { index throws(TokenizerError) in
      let encoder = encoders.take()
      defer { encoders.giveBack(encoder) }
      encoder.begin(seed: UInt64(index))
      var beginsWord: [Bool] = []
      let encoding = try encoding(
        of: texts[index], sequenceIndex: 0, special: .none, with: encoder
      ) { place in
        beginsWord += repeatElement(false, count: place - beginsWord.count)
        beginsWord.append(true)
      }
      beginsWord += repeatElement(false, count: encoding.count - beginsWord.count)
      return TokenizedText(
        ids: encoding.ids, offsets: encoding.offsets, beginsWord: beginsWord)
    }
  }
}
