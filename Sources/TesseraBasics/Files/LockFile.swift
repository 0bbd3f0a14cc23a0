#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Opens a file for writing, makes it if it is missing, and takes its lock.
///
/// The lock is the system's and ends with the process, so nothing a killed run leaves behind locks
/// anybody out. Whoever held the lock before may have removed or renamed the file between our
/// opening and our locking; then the descriptor is no longer what the path leads to, and we start
/// over.
///
/// - Parameters:
///   - path: The file to lock.
///   - subject: What the errors speak of.
/// - Throws: ``FileError/locked(path:)``, ``FileError/cannotCreate(path:errno:)``.
func openLocked(_ path: String, for subject: String) throws(FileError) -> FileDescriptor {
  while true {
    do {
      let descriptor = try FileDescriptor(
        path: path, flags: O_WRONLY | O_CREAT | O_NOFOLLOW, mode: 0o666)
      try descriptor.lock()
      let status = try descriptor.status()
      if let current = FileDescriptor.Status(path: path, followingLinks: false),
        current.isSameFile(as: status)
      {
        return descriptor
      }
    } catch {
      if error.errno == EWOULDBLOCK { throw .locked(path: subject) }
      throw .cannotCreate(path: subject, errno: error.errno)
    }
  }
}

/// A file that exists in order to be locked, and is removed when the lock ends.
struct LockFile: ~Copyable {
  private let path: String
  private let descriptor: FileDescriptor

  init(path: String, for subject: String) throws(FileError) {
    descriptor = try openLocked(path, for: subject)
    self.path = path
  }

  deinit {
    // While the lock is held, so the name cannot be another run's.
    SystemCalls.removeFile(path)
  }
}
