// Word vectors in text, as word2vec, fastText (.vec) and GloVe with a header have them.
//
//   COUNT DIMENSION\n
//   WORD NUMBER NUMBER ...\n        COUNT times, single spaces, one more allowed before the line feed
//
// A word is any bytes but spaces and line feeds. Of words that stand twice the first one counts, as
// gensim has it. Numbers are rounded to single precision by way of double precision.

public import TesseraBasics
internal import TesseraTokenizers

extension WordVectors {
  /// The most bytes of a line: a word, and components of 64 characters each.
  private static func lineLimit(dimension: Int) -> Int { 1 << 16 + 64 * dimension }
  /// How much is read before it is parsed on all workers.
  private static let blockSize = 16 << 20

  /// Reads word vectors in text; `.gz` and `.zst` are decompressed.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - progress: Gets the number of words.
  /// - Throws: ``WordVectorError`` with the line.
  public init(
    text path: String, progress: ProgressHandler? = nil
  ) throws(WordVectorError) {
    let reader = try LineReader(path: path)
    guard let header = try reader.nextLine(limit: 64) else { throw .malformedHeader(path: path) }
    let fields = header.split(whereSeparator: \.isASCIISpace).map {
      Int(String(decoding: $0, as: UTF8.self))
    }
    guard fields.count == 2, let expected = fields[0], let dimension = fields[1], expected >= 0,
      (1...Self.dimensionLimit).contains(dimension)
    else { throw .malformedHeader(path: path) }
    if expected > Self.wordLimit { throw .tooManyWords(limit: Self.wordLimit) }
    self.init(dimension: dimension)
    // A number takes two bytes at least, so a header that the file has no room for is not believed.
    // A compressed file may have more, for which the array grows.
    let room = ((try? InputFile(path: path))?.size ?? 0) / (2 * dimension + 2)
    rows.reserveCapacity(min(expected, room) * dimension)
    var line = 2
    let limit = Self.lineLimit(dimension: dimension)
    while let block = try reader.nextLines(size: Self.blockSize, limit: limit) {
      if Interruption.isRequested { throw .interrupted }
      let first = line
      let parsed = try parallelMap(block.lines.count) {
        (index) throws(WordVectorError) -> ParsedLine in
        guard let found = ParsedLine(block.bytes[block.lines[index]], dimension: dimension) else {
          throw .malformedLine(path: path, line: first + index, dimension: dimension)
        }
        return found
      }
      for found in parsed {
        if try append(found.word.span, count: nil) { rows.append(contentsOf: found.components) }
      }
      line += parsed.count
      if line - 2 > expected { break }
      progress?(
        ProgressUpdate(
          phase: "reading vectors", completed: line - 2, total: expected, unit: "words"))
    }
    if line - 2 != expected {
      throw .wrongWordCount(path: path, expected: expected, found: line - 2)
    }
  }

  /// Writes the vectors in text, those of words with n-grams put together.
  ///
  /// Numbers are the shortest that are read as the same.
  ///
  /// - Throws: ``WordVectorError/unwritableWord(path:word:)`` for a word with white space.
  public func write(text path: String, overwrite: Bool) throws(WordVectorError) {
    for index in 0..<count {
      let word = word(at: index)
      // Bytes that end words for one of the programs that read such files.
      if word.contains(where: \.isASCIISpace) {
        throw .unwritableWord(path: path, word: String(decoding: word, as: UTF8.self))
      }
    }
    do throws(FileError) {
      var file = try AtomicFile(path: path, overwrite: overwrite)
      try file.write("\(count) \(dimension)\n")
      let step = 4_096
      for start in stride(from: 0, to: count, by: step) {
        let lines = parallelMap(min(step, count - start)) { offset in line(at: start + offset) }
        for line in lines { try file.write(line) }
      }
      try file.commit()
    } catch {
      throw .file(error)
    }
  }

  private func line(at index: Int) -> [UInt8] {
    var text = ""
    for component in vector(at: index) { text += " \(component)" }
    return word(at: index) + Array(text.utf8) + [0x0A]
  }
}

/// A word and its numbers.
private struct ParsedLine: Sendable {
  let word: [UInt8]
  let components: [Float]

  /// Takes a line apart; nil if it is not what it must be.
  init?(_ line: ArraySlice<UInt8>, dimension: Int) {
    var line = line
    // At the end of the file it is no end of a line.
    if line.last == 0x0D { line.removeLast() }
    if line.last == 0x20 { line.removeLast() }
    guard let wordEnd = line.firstIndex(of: 0x20), wordEnd > line.startIndex,
      wordEnd - line.startIndex <= TokenTable.maximumTokenSize
    else { return nil }
    word = Array(line[..<wordEnd])
    var components: [Float] = []
    components.reserveCapacity(dimension)
    var start = wordEnd + 1
    while start <= line.endIndex {
      var end = start
      while end < line.endIndex, line[end] != 0x20 { end += 1 }
      guard components.count < dimension, let number = decimalNumber(line[start..<end]),
        Float(number).isFinite
      else { return nil }
      components.append(Float(number))
      start = end + 1
    }
    guard components.count == dimension else { return nil }
    self.components = components
  }
}

/// Powers of ten that are exact in double precision.
private let exactPowers: [Double] = (0...22).map { exponent in
  (0..<exponent).reduce(1.0) { power, _ in power * 10 }
}

/// The number that some characters spell, or nil if they spell none.
///
/// Fewer than 16 digits and a small power of ten, which is nearly every number of such files, need one
/// exact multiplication or division; the rest goes the long way.
func decimalNumber(_ text: ArraySlice<UInt8>) -> Double? {
  var position = text.startIndex
  var isNegative = false
  if let sign = text.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
    isNegative = sign == UInt8(ascii: "-")
    position += 1
  }
  var mantissa: UInt64 = 0
  var digits = 0
  var exponent = 0
  var isFraction = false
  scan: while position < text.endIndex {
    switch text[position] {
    case 0x30...0x39:
      digits += 1
      if digits > 15 { break scan }
      mantissa = mantissa * 10 + UInt64(text[position] - 0x30)
      if isFraction { exponent -= 1 }
    case UInt8(ascii: ".") where !isFraction: isFraction = true
    default: break scan
    }
    position += 1
  }
  if position == text.endIndex, digits > 0, exponent >= -22 {
    let magnitude = Double(mantissa) / exactPowers[-exponent]
    return isNegative ? -magnitude : magnitude
  }
  // Swift also reads hexadecimal numbers, which no such file means.
  guard text.allSatisfy({ (0x30...0x39).contains($0) || "+-.eE".utf8.contains($0) }) else {
    return nil
  }
  return Double(String(decoding: text, as: UTF8.self))
}
