import TesseraTokenizers

/// A shard that was opened, and whose sizes agree with each other.
///
/// ``checkDocuments()`` and a look at all tokens are up to whoever wants to rely on the rest.
protocol ShardReader: Sendable {
  /// What errors call it.
  var path: String { get }
  /// All tokens, end-of-text tokens included.
  var tokens: NumberRun { get }
  /// The size of the vocabulary, if the file says it.
  var vocabularySize: Int? { get }
  /// The number of documents; nil where only end-of-text tokens tell where one begins.
  var documentCount: Int? { get }
  /// Where the tokens of documents end, their end-of-text tokens included.
  func documentEnds(_ range: Range<Int>) throws(ShardError) -> [UInt64]
  /// The place in the file that tells where a document ends, for errors.
  func placeOfEnd(_ document: Int) -> (path: String, offset: Int)
  /// Compares all that the format says more than once, such as checksums.
  func checkContents() throws(ShardError)
}

extension ShardReader {
  /// Sees to it that documents follow one another, and that the last one ends with the tokens.
  func checkDocuments() throws(ShardError) {
    guard let documentCount else { return }
    var previous: UInt64 = 0
    var first = 0
    while first < documentCount {
      let last = min(documentCount, first + NumberRun.blockCount)
      for (index, end) in try documentEnds(first..<last).enumerated() {
        guard end >= previous, end <= UInt64(tokens.count) else {
          let place = placeOfEnd(first + index)
          throw .malformed(
            path: place.path, offset: place.offset,
            expected: "the end of document \(first + index), from \(previous) to \(tokens.count) "
              + "tokens, and not \(end)")
        }
        previous = end
      }
      first = last
    }
    if previous != UInt64(tokens.count) {
      throw .disagrees(
        path: path, quantity: "the end of the last document", found: Int(previous),
        expected: tokens.count)
    }
  }

  /// The tokens of a document, its end-of-text token included.
  ///
  /// - Precondition: The format tells where documents end, and there is such a document.
  func document(_ number: Int) throws(ShardError) -> [TokenID] {
    let ends = try documentEnds(max(0, number - 1)..<number + 1)
    let (start, end) = (number == 0 ? 0 : ends[0], ends[ends.count - 1])
    guard start <= end, end <= UInt64(tokens.count) else {
      let place = placeOfEnd(number)
      throw .malformed(
        path: place.path, offset: place.offset, expected: "the end of document \(number)")
    }
    return try tokens.read(Int(start)..<Int(end)).map { TokenID(truncatingIfNeeded: $0) }
  }

  func checkContents() throws(ShardError) {}
}
