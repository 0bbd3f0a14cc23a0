#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// An open file of the system: one owner, closed at its end. Interrupted calls are repeated.
///
/// Its methods return the system's error numbers; callers know the path and make errors of them.
struct FileDescriptor: ~Copyable, Sendable {
  let number: Int32
  private let closesAtEnd: Bool

  /// What `fstat` tells.
  struct Status {
    var device: UInt64
    var inode: UInt64
    var size: Int
    var permissions: mode_t
    var kind: Kind
  }

  enum Kind { case regular, directory, link, other }

  struct SystemError: Error {
    var errno: Int32
  }

  /// Opens a path; the descriptor is not handed on to child processes.
  init(path: String, flags: Int32, mode: mode_t = 0) throws(SystemError) {
    var number: Int32
    repeat {
      // SAFETY: Swift passes a copy of the path that ends with zero and lives through the call.
      number = unsafe open(path, flags | O_CLOEXEC, mode)
    } while number < 0 && errno == EINTR
    guard number >= 0 else { throw SystemError(errno: errno) }
    self.number = number
    closesAtEnd = true
  }

  /// Borrows a descriptor that is open already, such as standard input.
  init(borrowing number: Int32) {
    self.number = number
    closesAtEnd = false
  }

  deinit {
    if closesAtEnd { close(number) }
  }

  borrowing func status() throws(SystemError) -> Status {
    var status = stat()
    // SAFETY: the call fills one `stat` and keeps no pointer.
    guard unsafe fstat(number, &status) == 0 else { throw SystemError(errno: errno) }
    return Status(status)
  }

  /// Reads up to `buffer.count` bytes where the file stands; 0 at its end.
  borrowing func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
    while true {
      // SAFETY: address and size are those of one buffer, which the caller keeps alive.
      #if canImport(Darwin)
        let count = unsafe Darwin.read(number, buffer.baseAddress, buffer.count)
      #elseif canImport(Musl)
        let count = unsafe Musl.read(number, buffer.baseAddress, buffer.count)
      #else
        let count = unsafe Glibc.read(number, buffer.baseAddress, buffer.count)
      #endif
      if count >= 0 { return count }
      if errno != EINTR { throw SystemError(errno: errno) }
    }
  }

  /// The same, but if the writer may keep us waiting, the user's wish to stop ends it.
  ///
  /// - Throws: `EINTR` then.
  borrowing func read(
    into buffer: UnsafeMutableRawBufferPointer, waits: Bool
  ) throws(SystemError) -> Int {
    if waits { try waitForInput() }
    return try unsafe read(into: buffer)
  }

  /// Waits until something can be read, or the end is reached, or the user wishes to stop.
  ///
  /// A call that reads goes on after a signal, and another thread may get the signal: so looking now and
  /// then is what ends the waiting.
  private borrowing func waitForInput() throws(SystemError) {
    while true {
      if Interruption.isRequested { throw SystemError(errno: EINTR) }
      var request = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
      // SAFETY: the call reads and writes one `pollfd`, which lives through it.
      let count = unsafe poll(&request, 1, 100)
      // What is wrong with a descriptor, reading it says.
      if count > 0 || count < 0 && errno != EINTR { return }
    }
  }

  /// Reads until the buffer is full or the file ends; returns how much there was.
  borrowing func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int
  ) throws(SystemError) -> Int {
    var done = 0
    while done < buffer.count {
      // SAFETY: `done` is below the buffer's size, so the rest is inside it.
      let count = unsafe pread(
        number, buffer.baseAddress! + done, buffer.count - done, off_t(offset + done))
      if count == 0 { break }
      if count > 0 {
        done += count
      } else if errno != EINTR {
        throw SystemError(errno: errno)
      }
    }
    return done
  }

  /// Writes up to `buffer.count` bytes; returns how many the system took.
  borrowing func write(_ buffer: UnsafeRawBufferPointer) throws(SystemError) -> Int {
    while true {
      // SAFETY: address and size are those of one buffer, which the caller keeps alive.
      #if canImport(Darwin)
        let count = unsafe Darwin.write(number, buffer.baseAddress, buffer.count)
      #elseif canImport(Musl)
        let count = unsafe Musl.write(number, buffer.baseAddress, buffer.count)
      #else
        let count = unsafe Glibc.write(number, buffer.baseAddress, buffer.count)
      #endif
      if count >= 0 { return count }
      if errno != EINTR { throw SystemError(errno: errno) }
    }
  }

  /// Writes all of a buffer at an offset; where the file stands stays the same.
  borrowing func write(
    _ buffer: UnsafeRawBufferPointer, at offset: Int
  ) throws(SystemError) {
    var done = 0
    while done < buffer.count {
      // SAFETY: `done` is below the buffer's size, so the rest is inside it.
      let count = unsafe pwrite(
        number, buffer.baseAddress! + done, buffer.count - done, off_t(offset + done))
      if count >= 0 {
        done += count
      } else if errno != EINTR {
        throw SystemError(errno: errno)
      }
    }
  }

  /// Lets the system copy bytes of another file to where this one stands, up to as many as the range has.
  ///
  /// - Returns: How many it was: 0 if the system or a file system cannot do it, or the other file ends
  ///   before the range.
  borrowing func append(
    copying range: Range<Int>, of source: borrowing FileDescriptor
  ) throws(SystemError) -> Int {
    while true {
      let count = SystemCalls.copyRange(
        from: source.number, at: range.lowerBound, to: number, count: range.count)
      if count >= 0 { return count }
      switch errno {
      case EINTR: continue
      // Other file systems, older kernels, files in use as swap, sandboxes that forbid it.
      case EXDEV, ENOSYS, EINVAL, ENOTSUP, EPERM, ETXTBSY: return 0
      case let failure: throw SystemError(errno: failure)
      }
    }
  }

  /// Makes what was written durable. Folders of some file systems cannot be synced: no error.
  borrowing func synchronize() throws(SystemError) {
    while fsync(number) != 0 {
      if errno == EINVAL || errno == ENOTSUP { return }
      if errno != EINTR { throw SystemError(errno: errno) }
    }
  }

  /// Takes the lock of this file for this descriptor, if it is free.
  ///
  /// Some file systems of clusters know no locks. There one run at a time is up to the user.
  ///
  /// - Returns: Whether there is a lock now.
  borrowing func lock() throws(SystemError) -> Bool {
    while flock(number, LOCK_EX | LOCK_NB) != 0 {
      switch errno {
      case EINTR: continue
      case ENOSYS, ENOTSUP, ENOLCK: return false
      case let failure: throw SystemError(errno: failure)
      }
    }
    return true
  }

  /// Sets who may read and write the file.
  borrowing func setPermissions(_ permissions: mode_t) throws(SystemError) {
    while fchmod(number, permissions) != 0 {
      if errno != EINTR { throw SystemError(errno: errno) }
    }
  }
}

extension FileDescriptor.Status {
  init(_ status: stat) {
    device = UInt64(truncatingIfNeeded: status.st_dev)
    inode = UInt64(truncatingIfNeeded: status.st_ino)
    size = Int(status.st_size)
    permissions = status.st_mode & 0o7777
    switch status.st_mode & S_IFMT {
    case S_IFREG: kind = .regular
    case S_IFDIR: kind = .directory
    case S_IFLNK: kind = .link
    default: kind = .other
    }
  }

  /// What a path leads to; nil if there is nothing.
  init?(path: String, followingLinks: Bool = true) {
    var status = stat()
    // SAFETY: the calls fill one `stat` and keep no pointer.
    let result = unsafe followingLinks ? stat(path, &status) : lstat(path, &status)
    guard result == 0 else { return nil }
    self.init(status)
  }

  func isSameFile(as other: FileDescriptor.Status) -> Bool {
    device == other.device && inode == other.inode
  }
}
