/// What can go wrong with a file that may be compressed; offsets count bytes of the file as it is.
public enum CompressionError: Error, Hashable, Sendable {
  /// The file cannot be opened or read.
  case file(FileError)
  /// The file ends inside of a member or frame, or is empty.
  case truncated(path: String, format: CompressionFormat, offset: Int)
  /// What stands here is not of the format, or its checksum does not hold.
  case corrupt(path: String, format: CompressionFormat, offset: Int)
  /// After the last member or frame there is something else.
  case trailingBytes(path: String, format: CompressionFormat, offset: Int)
  /// A frame wants more memory than decoding may take.
  case windowTooLarge(path: String, offset: Int, limit: Int)
  /// The content is larger than its kind may be.
  case contentTooLarge(path: String, limit: Int)
}

extension CompressionError: CustomStringConvertible {
  /// One sentence: what was found, where, and what was expected.
  public var description: String {
    switch self {
    case .file(let error):
      error.description
    case .truncated(let path, let format, let offset):
      "\(path) ends at byte \(offset), where more \(format.rawValue) data is expected"
    case .corrupt(let path, let format, let offset):
      "\(path) is not valid \(format.rawValue) data near byte \(offset)"
    case .trailingBytes(let path, let format, let offset):
      "\(path) goes on at byte \(offset) with something that is not \(format.rawValue) data"
    case .windowTooLarge(let path, let offset, let limit):
      """
      the zstd frame near byte \(offset) of \(path) needs a window of more than \(limit) bytes; \
      compress it without --ultra or --long
      """
    case .contentTooLarge(let path, let limit):
      "\(path) has more than \(limit) bytes of content, the most that is allowed"
    }
  }
}
