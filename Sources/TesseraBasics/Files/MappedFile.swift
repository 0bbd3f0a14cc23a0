#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A regular file as memory, read-only.
///
/// Only for files that nobody shortens meanwhile: the system kills a process that touches pages
/// beyond a file's end. Use ``InputFile`` for what comes from elsewhere.
@safe public struct MappedFile: ~Copyable, Sendable {
  /// The path it was opened by.
  public let path: String
  /// How many bytes there are.
  public let size: Int
  // SAFETY: a mapping that this value alone owns: made in `init`, never changed, unmapped in
  // `deinit`. It is nil for an empty file. Reading it from several threads is no conflict.
  private nonisolated(unsafe) let address: UnsafeMutableRawPointer?

  /// Maps a file.
  ///
  /// - Throws: ``FileError/cannotOpen(path:errno:)``, ``FileError/notRegularFile(path:)``.
  public init(path: String) throws(FileError) {
    var status: FileDescriptor.Status?
    let descriptor = try openRegularFile(path, status: &status)
    let size = status?.size ?? 0
    var address: UnsafeMutableRawPointer?
    if size > 0 {
      // SAFETY: the system chooses the address; the descriptor may be closed afterwards.
      unsafe address = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor.number, 0)
      if unsafe address == MAP_FAILED { throw .cannotOpen(path: path, errno: errno) }
    }
    self.path = path
    self.size = size
    unsafe self.address = address
  }

  deinit {
    // SAFETY: nothing borrows the memory any more, and it is this value's own.
    if let address = unsafe address { unsafe munmap(address, size) }
  }

  /// Lends the content as a span.
  public borrowing func withBytes<R, E: Error>(
    _ body: (RawSpan) throws(E) -> R
  ) throws(E) -> R {
    // SAFETY: the mapping has `size` bytes and lives as long as this borrow.
    try body(unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(start: address, count: size)))
  }

  /// Lends the content as a buffer, for C and for loops that need pointers.
  public borrowing func withUnsafeBytes<R, E: Error>(
    _ body: (UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    // SAFETY: the mapping has `size` bytes and lives as long as this borrow.
    try unsafe body(UnsafeRawBufferPointer(start: address, count: size))
  }
}
