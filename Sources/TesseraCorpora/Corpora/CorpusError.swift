public import TesseraBasics

/// What can go wrong with the files of a corpus. Lines count from 1, offsets from 0; both count the
/// content, that is, after decompression.
public enum CorpusError: Error, Hashable, Sendable {
  /// No path was given.
  case noPaths
  /// A folder holds no corpus file.
  case emptyFolder(path: String)
  /// A file's name says that it is of a format that we do not read.
  case unsupportedFormat(path: String)
  /// Standard input was given more than once.
  case standardInputTwice
  /// A file cannot be opened, read or decompressed.
  case unreadable(CompressionError)
  /// A file begins like text in UTF-16.
  case utf16(path: String)
  /// A file that is read as it is begins like a compressed one.
  case compressed(path: String, format: CompressionFormat)
  /// A line of a file of JSON lines is longer than may be.
  case lineTooLong(path: String, line: Int, offset: Int, limit: Int)
  /// A line is not JSON; the error's offset counts from the line's start.
  case invalidJSON(path: String, line: Int, offset: Int, JSONError)
  /// A line's value is not an object.
  case notObject(path: String, line: Int, offset: Int)
  /// A line's object lacks the field for the text.
  case missingField(path: String, line: Int, offset: Int, field: String)
  /// The field for the text holds something else than a string.
  case fieldNotString(path: String, line: Int, offset: Int, field: String)
}

extension CorpusError: CustomStringConvertible {
  /// One sentence: what was found, where, and what was expected.
  public var description: String {
    switch self {
    case .noPaths:
      "no corpus is given; name files, folders, or - for standard input"
    case .emptyFolder(let path):
      """
      the folder \(path) has no file that ends in \
      \(CorpusFile.suffixes.joined(separator: ", ")), nor in these with .gz or .zst
      """
    case .unsupportedFormat(let path):
      "\(path) is of a format that is not read; convert it to text or to JSON lines"
    case .standardInputTwice:
      "standard input is given more than once"
    case .unreadable(let error):
      error.withPath(CorpusError.name(of:)).description
    case .utf16(let path):
      "\(CorpusError.name(of: path)) is in UTF-16; convert it to UTF-8"
    case .compressed(let path, let format):
      """
      \(CorpusError.name(of: path)) begins like \(format.rawValue) data; give it a name that ends in \
      \(format.suffix), or decompress it
      """
    case .lineTooLong(let path, let line, let offset, let limit):
      """
      \(CorpusError.place(path, line, offset)), has more than \(limit) bytes, the most that a line \
      of JSON may have
      """
    case .invalidJSON(let path, let line, let offset, let error):
      "\(CorpusError.place(path, line, offset)), is not JSON: \(error)"
    case .notObject(let path, let line, let offset):
      "\(CorpusError.place(path, line, offset)), is not a JSON object"
    case .missingField(let path, let line, let offset, let field):
      """
      \(CorpusError.place(path, line, offset)), has no field "\(field)"; \
      --text-field names another one
      """
    case .fieldNotString(let path, let line, let offset, let field):
      "the field \"\(field)\" in \(CorpusError.place(path, line, offset)), is not a string"
    }
  }

  /// What people call a path.
  private static func name(of path: String) -> String { path == "-" ? "standard input" : path }

  private static func place(_ path: String, _ line: Int, _ offset: Int) -> String {
    "line \(line) of \(name(of: path)), from byte \(offset) on"
  }
}

extension CompressionError {
  /// The same error with another path, where it has one of its own.
  fileprivate func withPath(_ change: (String) -> String) -> CompressionError {
    switch self {
    case .file: self
    case .truncated(let path, let format, let offset):
      .truncated(path: change(path), format: format, offset: offset)
    case .corrupt(let path, let format, let offset):
      .corrupt(path: change(path), format: format, offset: offset)
    case .trailingBytes(let path, let format, let offset):
      .trailingBytes(path: change(path), format: format, offset: offset)
    case .windowTooLarge(let path, let offset, let limit):
      .windowTooLarge(path: change(path), offset: offset, limit: limit)
    case .contentTooLarge(let path, let limit):
      .contentTooLarge(path: change(path), limit: limit)
    }
  }
}
