#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The system calls on paths. Each returns the system's error number, or 0 where all went well.
///
/// SAFETY of all of them: Swift passes a copy of the string that ends with zero and lives through
/// the call, and no call keeps the pointer.
enum SystemCalls {
  static func makeDirectory(_ path: String, mode: mode_t = 0o777) -> Int32 {
    unsafe mkdir(path, mode) == 0 ? 0 : errno
  }

  @discardableResult
  static func removeDirectory(_ path: String) -> Int32 {
    unsafe rmdir(path) == 0 ? 0 : errno
  }

  @discardableResult
  static func removeFile(_ path: String) -> Int32 {
    unsafe unlink(path) == 0 ? 0 : errno
  }

  @discardableResult
  static func setPermissions(_ path: String, _ permissions: mode_t) -> Int32 {
    unsafe chmod(path, permissions) == 0 ? 0 : errno
  }

  @discardableResult
  static func move(_ path: String, to newPath: String) -> Int32 {
    unsafe rename(path, newPath) == 0 ? 0 : errno
  }

  /// Moves a file to a name that is free; `EEXIST` if it is not.
  static func moveFile(_ path: String, toFree newPath: String) -> Int32 {
    let failure = renameSpecially(path, newPath, .withoutReplacing)
    guard [ENOSYS, EINVAL, ENOTSUP].contains(failure) else { return failure }
    // A second name is made only where there is none, too, but not on every file system.
    if unsafe link(path, newPath) == 0 { return removeFile(path) }
    guard [ENOSYS, EPERM, ENOTSUP].contains(errno) else { return errno }
    // Nor that: what comes to be between the two steps is lost, which no call can prevent there.
    return FileDescriptor.Status(path: newPath, followingLinks: false) == nil
      ? move(path, to: newPath) : EEXIST
  }

  /// Gives each of two paths what the other one leads to, in one step; an error if the system or
  /// the file system cannot.
  static func exchange(_ first: String, _ second: String) -> Int32 {
    renameSpecially(first, second, .exchanging)
  }

  /// Copies up to `count` bytes of one open file to where another one stands; below zero for an error, which
  /// is in `errno`.
  static func copyRange(from source: Int32, at offset: Int, to target: Int32, count: Int) -> Int {
    #if canImport(Darwin)
      errno = ENOSYS
      return -1
    #else
      typealias CopyRange =
        @convention(c) (
          Int32, UnsafeMutablePointer<Int64>?, Int32, UnsafeMutablePointer<Int64>?, Int, UInt32
        ) -> Int
      // As `renameat2` below.
      guard let symbol = unsafe dlsym(nil, "copy_file_range") else {
        errno = ENOSYS
        return -1
      }
      // SAFETY: the C library declares `ssize_t copy_file_range(int, off64_t *, int, off64_t *, size_t,
      // unsigned)`.
      let copy = unsafe unsafeBitCast(symbol, to: CopyRange.self)
      var place = Int64(offset)
      return unsafe copy(source, &place, target, nil, count, 0)
    #endif
  }

  private enum RenameKind { case withoutReplacing, exchanging }

  private static func renameSpecially(_ path: String, _ newPath: String, _ kind: RenameKind)
    -> Int32
  {
    #if canImport(Darwin)
      let flags = kind == .exchanging ? RENAME_SWAP : RENAME_EXCL
      return unsafe renamex_np(path, newPath, UInt32(flags)) == 0 ? 0 : errno
    #else
      typealias Rename =
        @convention(c) (
          Int32, UnsafePointer<CChar>?, Int32, UnsafePointer<CChar>?, UInt32
        ) -> Int32
      // Behind `_GNU_SOURCE`, which Swift's import of glibc does not define.
      guard let symbol = unsafe dlsym(nil, "renameat2") else { return ENOSYS }
      // SAFETY: the C library declares `int renameat2(int, const char *, int, const char *,
      // unsigned)`.
      let rename = unsafe unsafeBitCast(symbol, to: Rename.self)
      let flags: UInt32 = kind == .exchanging ? 2 : 1
      return unsafe rename(AT_FDCWD, path, AT_FDCWD, newPath, flags) == 0 ? 0 : errno
    #endif
  }
}
