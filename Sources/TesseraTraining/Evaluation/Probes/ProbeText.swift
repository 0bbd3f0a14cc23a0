import TesseraBasics
import TesseraTokenizers

/// Where probes cut text.
///
/// All of it works on bytes and on what Unicode says of characters, so that the items of a probe are the
/// same for every tokenizer.
enum ProbeText {
  /// What ends a sentence, if white space follows; the full-width ones do so without it.
  private static let sentenceEnds = [".", "!", "?", "…", "।", "॥", "؟", "۔", "።"].map {
    Array($0.utf8)
  }
  private static let fullWidthEnds = ["。", "！", "？"].map { Array($0.utf8) }

  /// Whether a character may begin at a position, or the text ends there.
  static func isBoundary(_ position: Int, of bytes: [UInt8]) -> Bool {
    position <= 0 || position >= bytes.count || bytes[position] & 0xC0 != 0x80
  }

  /// Whether a byte is a space, a tab or an end of a line.
  static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

  /// The place near a position where a text is cut: before the last white space up to it, if there is some in
  /// the last `slack` bytes, else between characters.
  static func cut(_ bytes: [UInt8], near position: Int, slack: Int) -> Int {
    var end = min(position, bytes.count)
    if end == bytes.count { return end }
    for place in stride(from: end, to: max(0, end - slack), by: -1)
    where isSpace(bytes[place]) && !isSpace(bytes[place - 1]) {
      return place
    }
    while !isBoundary(end, of: bytes) { end -= 1 }
    return end
  }

  /// The paragraphs of a document, without white space around them.
  static func paragraphs(of document: [UInt8]) -> [[UInt8]] {
    var paragraphs: [[UInt8]] = []
    var lines: [[UInt8]] = []
    func close() {
      if !lines.isEmpty { paragraphs.append(trimmed(Array(lines.joined(separator: [0x0A])))) }
      lines = []
    }
    for line in document.split(separator: 0x0A, omittingEmptySubsequences: false) {
      if line.allSatisfy(isSpace) { close() } else { lines.append(Array(line)) }
    }
    close()
    return paragraphs
  }

  /// The sentences of a document, without white space around them.
  static func sentences(of document: [UInt8]) -> [[UInt8]] {
    var sentences: [[UInt8]] = []
    for line in document.split(separator: 0x0A) {
      let line = Array(line)
      var start = 0
      for position in 1...line.count {
        let before = line[start..<position]
        let ends =
          position == line.count
          || (isSpace(line[position]) && sentenceEnds.contains { before.hasSuffix($0) })
          || (line[position - 1] >= 0x80 && fullWidthEnds.contains { before.hasSuffix($0) })
        guard ends else { continue }
        let sentence = trimmed(Array(before))
        if !sentence.isEmpty { sentences.append(sentence) }
        start = position
      }
    }
    return sentences
  }

  /// A text without white space at its ends.
  static func trimmed(_ bytes: [UInt8]) -> [UInt8] {
    guard let first = bytes.firstIndex(where: { !isSpace($0) }),
      let last = bytes.lastIndex(where: { !isSpace($0) })
    else { return [] }
    return Array(bytes[first...last])
  }

  /// The words of a text: letters, marks, digits and connectors.
  static func words(of bytes: [UInt8]) -> [Range<Int>] {
    var words: [Range<Int>] = []
    forEachWordRun(in: bytes.span) { words.append($0) }
    return words
  }

  /// Puts the first `limit` elements, or all, in a random order of all.
  static func shuffle(
    _ elements: inout [Int], limit: Int = .max, random: inout SplitMix64
  ) {
    for index in 0..<min(limit, elements.count) {
      elements.swapAt(index, index + random.below(elements.count - index))
    }
  }

  /// Some of `count` items, chosen by a seed, in rising order.
  static func sample(_ count: Int, limit: Int, seed: UInt64) -> [Int] {
    var order = Array(0..<count)
    guard count > limit else { return order }
    var random = SplitMix64(seed: seed, stream: 0x5A)
    shuffle(&order, limit: limit, random: &random)
    return order.prefix(limit).sorted()
  }

  /// Other texts of about the same length, for a choice.
  ///
  /// - Parameters:
  ///   - item: The text that they stand beside.
  ///   - texts: All of them.
  ///   - order: The indices of the texts by their sizes.
  ///   - count: How many are wanted.
  ///   - random: Chooses among those that are nearest in size, four times as many.
  /// - Returns: Indices of texts that differ from the item and from each other; fewer if there are no more.
  static func lengthMatched(
    _ item: Int, in texts: [[UInt8]], order: [Int], count: Int, random: inout SplitMix64
  ) -> [Int] {
    guard let place = order.firstIndex(of: item) else { return [] }
    var (low, high) = (place - 1, place + 1)
    var found: [Int] = []
    var seen: Set<[UInt8]> = [texts[item]]
    let size = texts[item].count
    while found.count < 4 * count, low >= 0 || high < order.count {
      let below = low >= 0 ? size - texts[order[low]].count : .max
      let above = high < order.count ? texts[order[high]].count - size : .max
      let next = below <= above ? order[low] : order[high]
      if below <= above { low -= 1 } else { high += 1 }
      if seen.insert(texts[next]).inserted { found.append(next) }
    }
    shuffle(&found, limit: count, random: &random)
    return Array(found.prefix(count))
  }
}

extension ArraySlice<UInt8> {
  fileprivate func hasSuffix(_ other: [UInt8]) -> Bool {
    count >= other.count && suffix(other.count).elementsEqual(other)
  }
}
