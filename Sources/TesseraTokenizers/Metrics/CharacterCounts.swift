/// How many characters of each script a text has.
struct CharacterCounts: Sendable {
  /// The number of characters of each script, by the index of its name.
  private var counts = [Int](repeating: 0, count: 256)
  /// The number of bytes that belong to no character.
  private(set) var invalidByteCount = 0
  /// The number of U+FFFD.
  private(set) var replacementCount = 0

  /// The number of characters.
  var characterCount: Int { counts.reduce(0, +) }

  /// The scripts with their names, the one with the most characters first.
  var scripts: [CorpusStatistics.Script] {
    counts.enumerated().filter { $0.element > 0 }
      .sorted { ($1.element, $0.offset) < ($0.element, $1.offset) }
      .map { index, count in
        let name = unicodeScriptNames[index].prefix { $0 != "/" }
        return CorpusStatistics.Script(name: String(name), count: count)
      }
  }

  /// Counts the characters of a text.
  mutating func add(_ text: Span<UInt8>) {
    // In local variables while they change.
    let table = Self.table
    var counts = exchange(&self.counts, with: [])
    var position = 0
    while position < text.count {
      let (code, size) = UTF8Decoding.scalar(in: text, at: position)
      if let code {
        counts[Int(table.value(of: code))] += 1
        if code == 0xFFFD { replacementCount += 1 }
      } else {
        invalidByteCount += 1
      }
      position += size
    }
    self.counts = counts
  }

  /// Adds the counts of other text.
  mutating func add(_ other: CharacterCounts) {
    for index in counts.indices { counts[index] += other.counts[index] }
    invalidByteCount += other.invalidByteCount
    replacementCount += other.replacementCount
  }

  private static let table = CharacterClassTable(
    ranges: unicodeScriptRanges.map { ($0 >> 8, UInt8(truncatingIfNeeded: $0)) })
}
