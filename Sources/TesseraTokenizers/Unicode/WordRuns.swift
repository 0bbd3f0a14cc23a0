/// Calls the body with each word of a text: a maximal run of letters, marks, digits and connectors.
///
/// Punctuation belongs to no word, unlike in ``Words``, and neither do bytes that are not UTF-8. In a script
/// without spaces between words a run may have many, which count as one.
///
/// - Complexity: O(*n*) time.
package func forEachWordRun(in text: Span<UInt8>, _ body: (Range<Int>) -> Void) {
  var start: Int?
  var position = 0
  while position < text.count {
    let byte = text[position]
    var size = 1
    let isInside: Bool
    if byte < 0x80 {
      let letter = byte | 0x20
      isInside =
        (0x61...0x7A).contains(letter) || (0x30...0x39).contains(byte)
        || byte == UInt8(ascii: "_")
    } else {
      let (code, length) = UTF8Decoding.scalar(in: text, at: position)
      isInside = code.map { WordCharacters.contains($0) } ?? false
      size = length
    }
    if isInside {
      if start == nil { start = position }
    } else if let begin = start {
      body(begin..<position)
      start = nil
    }
    position += size
  }
  if let begin = start { body(begin..<text.count) }
}
