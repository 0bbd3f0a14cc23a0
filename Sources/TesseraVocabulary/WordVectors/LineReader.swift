internal import TesseraBasics

/// Reads the lines of a file that may be compressed, one by one or many at a time.
struct LineReader: ~Copyable {
  private var stream: ByteStream
  /// What was read and not handed out.
  private var pending: [UInt8] = []

  /// Opens a file.
  init(path: String) throws(WordVectorError) {
    do { stream = try ByteStream(path: path) } catch { throw .unreadable(error) }
  }

  /// Whole lines: their bytes, and where each is in them, without line feeds.
  struct Lines: Sendable {
    let bytes: [UInt8]
    let lines: [Range<Int>]
  }

  /// The next line without its line feed; nil at the end, or if it is longer than `limit`.
  mutating func nextLine(limit: Int) throws(WordVectorError) -> [UInt8]? {
    while true {
      if let end = pending.prefix(limit + 1).firstIndex(of: 0x0A) {
        let line = Array(pending[..<end])
        pending.removeSubrange(...end)
        return line
      }
      if pending.count > limit { return nil }
      if try !read(1 << 16) {
        if pending.isEmpty { return nil }
        defer { pending = [] }
        return pending
      }
    }
  }

  /// The next lines, about `size` bytes of them; nil at the end.
  ///
  /// - Parameters:
  ///   - size: How many bytes, save for the last line.
  ///   - limit: The most bytes of a line.
  ///   - line: The number of the first line, for errors.
  mutating func nextLines(
    size: Int, limit: Int, line: Int
  ) throws(WordVectorError) -> Lines? {
    var isAtEnd = false
    while !isAtEnd, pending.count < size + limit { isAtEnd = try !read(1 << 20) }
    if pending.isEmpty { return nil }
    var lines: [Range<Int>] = []
    var start = 0
    while start < pending.count, start < size {
      var end = start
      while end < pending.count, pending[end] != 0x0A { end += 1 }
      if end - start > limit {
        throw .lineTooLong(path: stream.path, line: line + lines.count, limit: limit)
      }
      lines.append(start..<end)
      start = end + 1
    }
    let used = min(start, pending.count)
    let bytes = Array(pending[..<used])
    pending.removeSubrange(..<used)
    return Lines(bytes: bytes, lines: lines)
  }

  /// Reads more; false at the end.
  private mutating func read(_ count: Int) throws(WordVectorError) -> Bool {
    do { return try stream.read(into: &pending, count: count) > 0 } catch {
      throw .unreadable(error)
    }
  }
}
