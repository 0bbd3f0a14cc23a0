public import TesseraBasics

/// What can be wrong with files of counts.
public enum CountFileError: Error, Equatable, Sendable {
  /// What one file has and another one has not.
  public struct Difference: Hashable, Sendable {
    /// The part of the header.
    public var what: String
    /// What this file has.
    public var found: String
    /// What the first file, or the command line, has.
    public var expected: String
  }

  /// Opening, reading or writing failed.
  case file(FileError)
  /// The file does not begin as a file of counts does.
  case notCounts(path: String)
  /// A part of the file is not as the format has it.
  case malformed(path: String, offset: Int, expected: String)
  /// The content does not have the checksum that the file says.
  case wrongChecksum(path: String)
  /// The counts are of another kind than those that they are to be added to.
  case different(path: String, Difference)
  /// The file was given to another one while its counts were being used.
  case replaced(path: String)
  /// A pre-token is longer than a file of counts may have.
  case preTokenTooLong(path: String, size: Int, maximum: Int)
  /// The pre-tokens of a file have more bytes than a training has places for.
  case tooMuchText(path: String, size: Int, maximum: Int)
  /// The sum of the counts, in files if any are named, is not a number of 63 bits.
  case tooManyOccurrences(paths: [String])
  /// The process was asked to stop.
  case interrupted
}

extension CountFileError: CustomStringConvertible {
  /// One sentence: what was found, where, and what was expected.
  public var description: String {
    switch self {
    case .file(let error): error.description
    case .notCounts(let path):
      "\(path) is not a file of counts, as tessera count makes them"
    case .malformed(let path, let offset, let expected):
      "\(path) is damaged at byte \(offset): \(expected) was expected"
    case .wrongChecksum(let path):
      "\(path) is damaged: its content does not have the checksum at its end"
    case .different(let path, let difference):
      "\(path) was counted with the \(difference.what) \(difference.found.shortened()), and not "
        + difference.expected.shortened()
    case .replaced(let path):
      "\(path) was replaced by another file while its counts were being used"
    case .preTokenTooLong(let path, let size, let maximum):
      "\(path) cannot be written: a pre-token has \(size) bytes, more than \(maximum), the most that "
        + "a file of counts may have; split text with another --pattern"
    case .tooMuchText(let path, let size, let maximum):
      "the distinct pre-tokens of \(path) have \(size) bytes, more than \(maximum), "
        + "the most that can be trained on"
    case .tooManyOccurrences(let paths):
      "the counts" + Self.origin(paths)
        + " add up to more than \(Int.max) occurrences or bytes, the most that can be counted"
    case .interrupted: "interrupted"
    }
  }
  /// Which counts are meant, in words: the first of the files and how many more.
  private static func origin(_ paths: [String]) -> String {
    guard let first = paths.first else { return "" }
    return " in " + first + (paths.count > 1 ? " and \(paths.count - 1) more" : "")
  }
}
