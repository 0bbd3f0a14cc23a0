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
  /// The sum of the counts is not a number of 63 bits.
  case tooManyOccurrences
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
    case .tooManyOccurrences:
      "the counts add up to more than \(Int.max) occurrences, the most that can be counted"
    }
  }
}
