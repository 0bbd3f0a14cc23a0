#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What can go wrong with a file or a folder, with its path and the system's error number.
public enum FileError: Error, Hashable, Sendable {
  /// A file or folder cannot be opened for reading.
  case cannotOpen(path: String, errno: Int32)
  /// The path leads to a folder, a device or a pipe where a regular file is needed.
  case notRegularFile(path: String)
  /// The path leads to something else where a folder is needed.
  case notDirectory(path: String)
  /// The system failed to read.
  case readFailed(path: String, offset: Int, errno: Int32)
  /// The file ends before `count` bytes at `offset` are there.
  case truncated(path: String, offset: Int, count: Int, size: Int)
  /// The file is larger than its kind may be.
  case tooLarge(path: String, size: Int, limit: Int)
  /// A file or folder cannot be made.
  case cannotCreate(path: String, errno: Int32)
  /// The output is there already, and nobody said to replace it.
  case exists(path: String)
  /// The output would take the place of a folder, a device or a pipe.
  case notReplaceable(path: String)
  /// The folder holds the state of a run that was not finished.
  case unfinished(path: String)
  /// The folder is one that no output may replace: the root, the user's home, a folder that holds
  /// the working directory, or a version-controlled one.
  case protected(path: String)
  /// The folder has content, and no record says that Tessera wrote it, so not even `force`
  /// replaces it.
  case notOutput(path: String)
  /// The output is an input, is inside one, or has one inside.
  case overlapsInput(path: String, input: String)
  /// Another run is writing here.
  case locked(path: String)
  /// A file or folder cannot be removed.
  case cannotRemove(path: String, errno: Int32)
  /// The folder has an entry whose name is not valid UTF-8.
  case invalidName(directory: String)
  /// The system failed to write; the disk may be full.
  case writeFailed(path: String, offset: Int, errno: Int32)
  /// What was written cannot be put in its place or made durable.
  case commitFailed(path: String, errno: Int32)
}

extension FileError {
  /// Whether reading ended because the user wishes to stop.
  public var isInterruption: Bool {
    if case .readFailed(_, _, EINTR) = self { Interruption.isRequested } else { false }
  }

  /// The file or folder.
  public var path: String {
    switch self {
    case .cannotOpen(let path, _), .notRegularFile(let path), .notDirectory(let path),
      .readFailed(let path, _, _), .truncated(let path, _, _, _), .tooLarge(let path, _, _),
      .cannotCreate(let path, _), .exists(let path), .unfinished(let path), .protected(let path),
      .notOutput(let path), .notReplaceable(let path), .overlapsInput(let path, _),
      .locked(let path), .cannotRemove(let path, _),
      .invalidName(let path), .writeFailed(let path, _, _), .commitFailed(let path, _):
      path
    }
  }
}

extension FileError: CustomStringConvertible {
  /// One sentence: what failed, where, and why.
  public var description: String {
    switch self {
    case .cannotOpen(let path, let errno):
      "cannot open \(path): \(systemMessage(errno))"
    case .notRegularFile(let path):
      "\(path) is not a regular file"
    case .notDirectory(let path):
      Path.exists(path) ? "\(path) is not a folder" : "the folder \(path) does not exist"
    case .readFailed(let path, let offset, let errno):
      "cannot read \(path) at byte \(offset): \(systemMessage(errno))"
    case .truncated(let path, let offset, let count, let size):
      "\(path) ends at byte \(size), where \(count) bytes at byte \(offset) are expected"
    case .tooLarge(let path, let size, let limit):
      "\(path) has \(size) bytes, and at most \(limit) are allowed"
    case .cannotCreate(let path, let errno):
      "cannot create \(path): \(systemMessage(errno))"
    case .exists(let path):
      "\(path) exists already; choose another output or say --force"
    case .notReplaceable(let path):
      "\(path) will not be replaced: it is not a regular file; choose another output"
    case .unfinished(let path):
      "\(path) holds the state of a run that was not finished; say --resume to go on, or --force to "
        + "start over"
    case .protected(let path):
      """
      \(path) will not be replaced: it is a home or a root folder, holds the working directory, \
      or is under version control
      """
    case .notOutput(let path):
      """
      \(path) will not be replaced: it has content, but no record of Tessera (\
      \(OutputDirectory.recordNames.joined(separator: ", "))); remove it yourself or choose another \
      output
      """
    case .overlapsInput(let path, let input):
      """
      the output \(path) and the input \(input) are one, or one is inside the other; choose another \
      output
      """
    case .cannotRemove(let path, let errno):
      "cannot remove \(path): \(systemMessage(errno))"
    case .invalidName(let directory):
      "\(directory) has an entry whose name is not valid UTF-8; rename or remove it"
    case .locked(let path):
      "another run is writing \(path)"
    case .writeFailed(let path, let offset, let errno):
      "cannot write \(path) at byte \(offset): \(systemMessage(errno))"
    case .commitFailed(let path, let errno):
      "cannot finish \(path): \(systemMessage(errno))"
    }
  }
}

/// The system's words for an error number.
func systemMessage(_ errno: Int32) -> String {
  // SAFETY: the C library returns a string that ends with zero, for unknown numbers too.
  guard let text = unsafe strerror(errno) else { return "error \(errno)" }
  return unsafe String(cString: text)
}
