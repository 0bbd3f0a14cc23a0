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
      error.description
    case .utf16(let path):
      "\(path) is in UTF-16; convert it to UTF-8"
    case .invalidJSON(let path, let line, let offset, let error):
      "line \(line) of \(path), from byte \(offset) on, is not JSON: \(error)"
    case .notObject(let path, let line, let offset):
      "line \(line) of \(path), from byte \(offset) on, is not a JSON object"
    case .missingField(let path, let line, let offset, let field):
      """
      line \(line) of \(path), from byte \(offset) on, has no field "\(field)"; \
      --text-field names another one
      """
    case .fieldNotString(let path, let line, let offset, let field):
      "the field \"\(field)\" in line \(line) of \(path), from byte \(offset) on, is not a string"
    }
  }
}
