/// The right to write in a folder, held against other runs until this value ends.
///
/// For folders that a run adds to over a long time, such as training states. The lock is on the
/// file `.lock` in the folder, which is removed at the end; a run that was killed leaves the file
/// but not the lock.
public struct DirectoryLock: ~Copyable {
  /// The locked folder.
  public let path: String
  private let lock: LockFile

  /// Makes the folder if it is missing, and locks it.
  ///
  /// - Throws: ``FileError/locked(path:)`` if another run holds it.
  public init(path: String) throws(FileError) {
    try createDirectory(path)
    lock = try LockFile(path: Path.join(path, ".lock"), for: path)
    self.path = path
  }
}
