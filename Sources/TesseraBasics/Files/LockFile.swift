#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file that exists in order to be locked, and is removed when the lock ends.
///
/// The lock is the system's and ends with the process, so nothing a killed run leaves behind locks
/// anybody out. Nothing is ever written to the file.
struct LockFile: ~Copyable {
  /// Whether the lock keeps others out. Some file systems of clusters know no locks.
  let isExclusive: Bool
  private let path: String
  private let descriptor: FileDescriptor
  private let madeFolders: [String]

  /// Makes the file if it is missing, and takes its lock.
  ///
  /// - Parameters:
  ///   - path: The file to lock.
  ///   - subject: What the errors speak of.
  ///   - madeFolders: Folders that were made on the way here, the outermost first. Those that are
  ///     empty when the lock ends are removed with it.
  /// - Throws: ``FileError/locked(path:)``, ``FileError/notReplaceable(path:)``,
  ///   ``FileError/cannotCreate(path:errno:)``.
  init(path: String, for subject: String, madeFolders: [String] = []) throws(FileError) {
    var isExclusive = false
    do {
      descriptor = try openLocked(path, for: subject, isExclusive: &isExclusive)
    } catch {
      removeEmptyDirectories(madeFolders)
      throw error
    }
    self.isExclusive = isExclusive
    self.path = path
    self.madeFolders = madeFolders
  }

  deinit {
    // While the lock is held, so the name cannot be another run's.
    SystemCalls.removeFile(path)
    removeEmptyDirectories(madeFolders)
  }
}

/// Opens a file, makes it if it is missing, and takes its lock.
///
/// Whoever held the lock before may have removed the file between our opening and our locking; then
/// the descriptor is no longer what the path leads to, and we start over.
private func openLocked(
  _ path: String, for subject: String, isExclusive: inout Bool
) throws(FileError) -> FileDescriptor {
  while true {
    do throws(FileDescriptor.SystemError) {
      // Not blocking: somebody may have put a pipe there.
      let descriptor = try FileDescriptor(
        path: path, flags: O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, mode: 0o600)
      let status = try descriptor.status()
      if status.kind == .regular {
        isExclusive = try descriptor.lock()
        if let current = FileDescriptor.Status(path: path, followingLinks: false),
          current.isSameFile(as: status)
        {
          return descriptor
        }
        continue
      }
    } catch {
      if error.errno == EWOULDBLOCK { throw .locked(path: subject) }
      throw .cannotCreate(path: subject, errno: error.errno)
    }
    throw .notReplaceable(path: path)
  }
}

/// Removes folders unless something is in them, the last one first.
private func removeEmptyDirectories(_ paths: [String]) {
  for path in paths.reversed() { SystemCalls.removeDirectory(path) }
}
