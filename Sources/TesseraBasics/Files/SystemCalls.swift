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
  static func makeDirectory(_ path: String) -> Int32 {
    unsafe mkdir(path, 0o777) == 0 ? 0 : errno
  }

  static func removeDirectory(_ path: String) -> Int32 {
    unsafe rmdir(path) == 0 ? 0 : errno
  }

  @discardableResult
  static func removeFile(_ path: String) -> Int32 {
    unsafe unlink(path) == 0 ? 0 : errno
  }

  @discardableResult
  static func move(_ path: String, to newPath: String) -> Int32 {
    unsafe rename(path, newPath) == 0 ? 0 : errno
  }

  /// Gives each of two paths what the other one leads to, in one step; an error if the system or
  /// the file system cannot.
  static func exchange(_ first: String, _ second: String) -> Int32 {
    #if canImport(Darwin)
      return unsafe renamex_np(first, second, UInt32(RENAME_SWAP)) == 0 ? 0 : errno
    #else
      typealias Exchange =
        @convention(c) (
          Int32, UnsafePointer<CChar>?, Int32, UnsafePointer<CChar>?, UInt32
        ) -> Int32
      // Behind `_GNU_SOURCE`, which Swift's import of glibc does not define.
      guard let symbol = unsafe dlsym(nil, "renameat2") else { return ENOSYS }
      // SAFETY: the C library declares `int renameat2(int, const char *, int, const char *,
      // unsigned)`.
      let exchange = unsafe unsafeBitCast(symbol, to: Exchange.self)
      let exchangeFlag: UInt32 = 2
      return unsafe exchange(AT_FDCWD, first, AT_FDCWD, second, exchangeFlag) == 0 ? 0 : errno
    #endif
  }
}
