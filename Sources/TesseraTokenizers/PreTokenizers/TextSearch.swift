/// Finds the occurrences of a byte string in linear time.
///
/// Knuth, Morris and Pratt, "Fast Pattern Matching in Strings", SIAM Journal on Computing 6, 1977.
struct TextSearch: Sendable {
  /// The byte string.
  let pattern: [UInt8]
  /// For each beginning of the pattern, the size of the longest shorter one with which it ends.
  private let borders: [Int32]

  /// - Parameter pattern: What is looked for, of less than 2³¹ bytes.
  init(_ pattern: [UInt8]) {
    self.pattern = pattern
    var borders = [Int32](repeating: 0, count: pattern.count)
    var border = 0
    for index in pattern.indices.dropFirst() {
      while border > 0, pattern[border] != pattern[index] { border = Int(borders[border - 1]) }
      if pattern[border] == pattern[index] { border += 1 }
      borders[index] = Int32(border)
    }
    self.borders = borders
  }

  /// Calls `body` with the range of each occurrence, from left to right and without overlaps; the empty
  /// string occurs between any two characters, at the beginning and at the end.
  func forEachOccurrence(in text: Span<UInt8>, _ body: (Range<Int>) -> Void) {
    guard let first = pattern.first else { return forEachBoundary(in: text, body) }
    /// How much of the pattern the text ends with that was read.
    var matched = 0
    for position in text.indices {
      let byte = text[position]
      if matched == 0 {
        if byte != first { continue }
      } else {
        while matched > 0, pattern[matched] != byte { matched = Int(borders[matched - 1]) }
        if pattern[matched] != byte { continue }
      }
      matched += 1
      if matched == pattern.count {
        body(position + 1 - matched..<position + 1)
        matched = 0
      }
    }
  }

  private func forEachBoundary(in text: Span<UInt8>, _ body: (Range<Int>) -> Void) {
    var position = 0
    while position < text.count {
      body(position..<position)
      position += UTF8Decoding.scalar(in: text, at: position).size
    }
    body(position..<position)
  }
}
