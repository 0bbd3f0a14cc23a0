import TesseraBasics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The content of one file, taken in lines or parts of lines, in bounded memory.
package final class TextInput {
  /// A part of a line, and what follows it.
  package struct Fragment {
    /// Where it is in the buffer.
    package var bytes: Range<Int>
    /// What follows it.
    package var ending: Ending
  }

  /// What stands behind a fragment.
  package enum Ending {
    /// More of the same line.
    case none
    case lineFeed
    case carriageReturnLineFeed
    /// The end of the file.
    case file
  }

  package let path: String
  /// Where the next byte stands.
  package private(set) var position = DocumentPosition(line: 1, offset: 0)

  private var stream: ByteStream
  /// Content that was read; what is before `start` has been taken.
  package private(set) var buffer: [UInt8] = []
  private var start = 0
  /// Up to here there is no line feed.
  private var scanned = 0
  private var isAtEnd = false

  private static let readSize = 1 << 18
  /// The most bytes of a line that are looked through for being blank, and kept in memory
  /// meanwhile; a line that begins with more blank ones is not taken for a blank one.
  private static let blankLineLimit = DocumentReader.lineSizeLimit

  /// How many bytes of the file on disk were used.
  var bytesRead: Int { stream.bytesRead }

  /// Opens a file and leaves out its byte order mark, if there is one.
  package init(path: String) throws(CorpusError) {
    do {
      stream = try ByteStream(path: path)
    } catch {
      throw .unreadable(error)
    }
    self.path = path
    try fill(atLeast: 4)
    if buffer.starts(with: [0xFF, 0xFE]) || buffer.starts(with: [0xFE, 0xFF]) {
      throw .utf16(path: path)
    }
    // Neither begins any UTF-8. A compressed file within a compressed one is no text either.
    if let format = CompressionFormat(magicOf: buffer) {
      throw .compressed(path: path, format: format)
    }
    if buffer.starts(with: [0xEF, 0xBB, 0xBF]) { advance(by: 3) }
  }

  /// Reads until there are `count` bytes to take, or the file ends.
  private func fill(atLeast count: Int) throws(CorpusError) {
    while buffer.count - start < count, !isAtEnd {
      if start >= TextInput.readSize {
        buffer.removeSubrange(..<start)
        scanned -= start
        start = 0
      }
      do {
        isAtEnd = try stream.read(into: &buffer, count: TextInput.readSize) == 0
      } catch {
        throw .unreadable(error)
      }
    }
  }

  private func advance(by count: Int) {
    start += count
    scanned = max(scanned, start)
    position.offset += count
  }

  /// The next bytes whatever they are, at most `limit`; and whether the file ends after them.
  func nextBytes(limit: Int) throws(CorpusError) -> (bytes: Range<Int>, isLast: Bool) {
    try fill(atLeast: limit + 1)
    let isLast = isAtEnd && buffer.count - start <= limit
    let end = isLast ? buffer.count : characterBoundary(before: start + limit)
    let range = start..<end
    advance(by: range.count)
    return (range, isLast)
  }

  /// The next part of the current line, at most `limit` bytes; nil at the end of the file.
  ///
  /// The range leads into ``buffer`` until the next call.
  package func nextFragment(limit: Int) throws(CorpusError) -> Fragment? {
    var lineFeed = firstLineFeed()
    // Two more than the limit, so that a line of just that size comes with its end.
    while lineFeed == nil, !isAtEnd, buffer.count - start < limit + 2 {
      try fill(atLeast: buffer.count - start + 1)
      lineFeed = firstLineFeed()
    }
    if let lineFeed {
      let hasReturn = lineFeed > start && buffer[lineFeed - 1] == UInt8(ascii: "\r")
      let range = start..<(hasReturn ? lineFeed - 1 : lineFeed)
      if range.count <= limit {
        advance(by: lineFeed + 1 - start)
        position.line += 1
        return Fragment(bytes: range, ending: hasReturn ? .carriageReturnLineFeed : .lineFeed)
      }
    } else if isAtEnd, buffer.count - start <= limit {
      if start == buffer.count { return nil }
      let range = start..<buffer.count
      advance(by: range.count)
      return Fragment(bytes: range, ending: .file)
    }
    var end = characterBoundary(before: start + limit)
    // A carriage return may belong to the line's end.
    if end > start + 1, buffer[end - 1] == UInt8(ascii: "\r") { end -= 1 }
    let range = start..<end
    advance(by: range.count)
    return Fragment(bytes: range, ending: .none)
  }

  /// Takes the next line with its end, if it is blank and not extremely long.
  func skipBlankLine() throws(CorpusError) -> Bool {
    var count = 0
    while count < TextInput.blankLineLimit {
      if start + count == buffer.count { try fill(atLeast: count + 1) }
      if start + count == buffer.count {
        advance(by: count)
        return count > 0
      }
      let byte = buffer[start + count]
      count += 1
      if byte == UInt8(ascii: "\n") {
        advance(by: count)
        position.line += 1
        return true
      }
      if !isBlankCharacter(byte) { return false }
    }
    return false
  }

  private func firstLineFeed() -> Int? {
    let from = scanned
    if from < buffer.count, buffer[from] == UInt8(ascii: "\n") { return from }
    // SAFETY: the search covers the array's storage from `from` to its end, inside the closure.
    let found = unsafe buffer.withUnsafeBytes { bytes -> Int? in
      guard let base = bytes.baseAddress, from < bytes.count,
        let hit = unsafe memchr(base + from, 0x0A, bytes.count - from)
      else { return nil }
      return unsafe UnsafeRawPointer(hit) - base
    }
    scanned = found ?? buffer.count
    return found
  }

  /// The last place up to `end` that is not inside of a UTF-8 character, if one is near.
  private func characterBoundary(before end: Int) -> Int {
    var place = end
    while place > max(start, end - 3), place < buffer.count, buffer[place] & 0xC0 == 0x80 {
      place -= 1
    }
    // Without a beginning within three bytes this is not UTF-8: any place will do.
    let isInside = place < buffer.count && buffer[place] & 0xC0 == 0x80
    return isInside || place == start ? end : place
  }
}

/// Whether a byte is a space, a tab or a carriage return.
func isBlankCharacter(_ byte: UInt8) -> Bool {
  byte == 0x20 || byte == 0x09 || byte == 0x0D
}
