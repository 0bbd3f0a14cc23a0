/// The right to write in a folder, held against other runs until this value ends.
///
/// For folders that a run adds to over a long time, such as training states. The lock is on the
/// file `.lock` in the folder, which is removed at the end; a run that was killed leaves the file
/// but not the lock.
public struct DirectoryLock: ~Copyable {
  /// The name of the file that is locked.
  package static let fileName = ".lock"

  /// The locked folder.
  public let path: String
  private let lock: LockFile

  /// Makes the folder if it is missing, and locks it. A folder that was made, and is still empty
  /// at the end, is removed again.
  ///
  /// - Throws: ``FileError/locked(path:)`` if another run holds it.
  public init(path: String) throws(FileError) {
    let madeFolders = try createDirectory(path)
    lock = try LockFile(
      path: Path.join(path, Self.fileName), for: path, madeFolders: madeFolders)
    self.path = path
  }

  /// Sees to it that no run holds a folder.
  ///
  /// - Throws: ``FileError/locked(path:)`` if one does.
  static func check(_ path: String) throws(FileError) {
    let file = Path.join(path, fileName)
    if Path.exists(file) { _ = try LockFile(path: file, for: path) }
  }
}
