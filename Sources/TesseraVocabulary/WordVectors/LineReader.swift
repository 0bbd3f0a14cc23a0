internal import TesseraCorpora

/// Reads the lines of a text that may be compressed, one by one or many at a time.
///
/// As a corpus is read: a byte order mark is left out, and text in UTF-16 is refused.
struct LineReader {
  private let input: TextInput

  /// Opens a file.
  init(path: String) throws(WordVectorError) {
    do { input = try TextInput(path: path) } catch { throw Self.error(error) }
  }

  /// Whole lines: their bytes, and where each is in them, without their ends.
  struct Lines: Sendable {
    fileprivate(set) var bytes: [UInt8] = []
    fileprivate(set) var lines: [Range<Int>] = []
  }

  /// The next line; nil at the end, or if it is longer than `limit`.
  func nextLine(limit: Int) throws(WordVectorError) -> [UInt8]? {
    guard let fragment = try nextFragment(limit: limit), !fragment.isUnfinished else { return nil }
    return Array(input.buffer[fragment.bytes])
  }

  /// The next lines, about `size` bytes of them; nil at the end.
  ///
  /// - Parameters:
  ///   - size: How many bytes, save for the last line; blank lines count as one.
  ///   - limit: The most bytes of a line.
  /// - Throws: ``WordVectorError/lineTooLong(path:line:limit:)``, and what reading throws.
  func nextLines(size: Int, limit: Int) throws(WordVectorError) -> Lines? {
    var lines = Lines()
    while lines.bytes.count + lines.lines.count < size {
      let line = input.position.line
      guard let fragment = try nextFragment(limit: limit) else { break }
      if fragment.isUnfinished {
        throw .lineTooLong(path: input.path, line: line, limit: limit)
      }
      let start = lines.bytes.count
      lines.bytes.append(contentsOf: input.buffer[fragment.bytes])
      lines.lines.append(start..<lines.bytes.count)
    }
    return lines.lines.isEmpty ? nil : lines
  }

  private func nextFragment(limit: Int) throws(WordVectorError) -> TextInput.Fragment? {
    do { return try input.nextFragment(limit: limit) } catch { throw Self.error(error) }
  }

  private static func error(_ error: CorpusError) -> WordVectorError {
    if case .unreadable(let cause) = error { return .unreadable(cause) }
    return .corpus(error)
  }
}

extension TextInput.Fragment {
  /// Whether more of the same line follows.
  fileprivate var isUnfinished: Bool {
    if case .none = ending { true } else { false }
  }
}
