#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A regular file that is open for reading at any place, by any number of threads.
///
/// The file is opened once, so that it stays the same one even if its name is given to another.
/// Reading copies, so that a file that shrinks meanwhile gives an error and no crash.
public final class InputFile: Sendable {
  /// The path it was opened by.
  public let path: String
  /// Its size in bytes when it was opened.
  public let size: Int
  /// Who may read and write it.
  let permissions: mode_t
  private let descriptor: FileDescriptor

  /// Opens a file.
  ///
  /// - Throws: ``FileError/cannotOpen(path:errno:)``, ``FileError/notRegularFile(path:)``.
  public init(path: String) throws(FileError) {
    var status: FileDescriptor.Status?
    descriptor = try openRegularFile(path, status: &status)
    size = status?.size ?? 0
    permissions = status?.permissions ?? 0o600
    self.path = path
  }

  /// The `count` bytes at `offset`.
  ///
  /// - Throws: ``FileError/truncated(path:offset:count:size:)`` if the file ends before.
  /// - Precondition: Neither number is negative.
  public func read(at offset: Int, count: Int) throws(FileError) -> [UInt8] {
    try checkRange(at: offset, count: count)
    var failure: FileError?
    // SAFETY: the buffer is the array's own storage, used inside the closure alone; `read` fills it, or
    // the array stays empty.
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      do throws(FileError) {
        try unsafe read(
          into: UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: count), at: offset)
        initialized = count
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }

  /// Fills a buffer with the bytes at `offset`.
  ///
  /// - Throws: ``FileError/truncated(path:offset:count:size:)`` if the file ends before; the
  ///   buffer's content is then open.
  public func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) {
    try checkRange(at: offset, count: buffer.count)
    let count: Int
    do {
      count = try unsafe descriptor.read(into: buffer, at: offset)
    } catch {
      throw .readFailed(path: path, offset: offset, errno: error.errno)
    }
    if count < buffer.count {
      throw .truncated(path: path, offset: offset, count: buffer.count, size: offset + count)
    }
  }

  /// Lets the system copy bytes to where another file stands; 0 if it cannot, or the file ends before.
  func copy(
    _ range: Range<Int>, to output: borrowing FileDescriptor
  ) throws(FileDescriptor.SystemError) -> Int {
    try output.append(copying: range, of: descriptor)
  }

  private func checkRange(at offset: Int, count: Int) throws(FileError) {
    precondition(offset >= 0 && count >= 0, "offset and count are not negative")
    if offset > size || count > size - offset {
      throw .truncated(path: path, offset: offset, count: count, size: size)
    }
  }
}

/// Opens what must be a regular file, without waiting for anybody where it is a pipe.
func openRegularFile(
  _ path: String, status: inout FileDescriptor.Status?
) throws(FileError) -> FileDescriptor {
  do {
    let descriptor = try FileDescriptor(path: path, flags: O_RDONLY | O_NONBLOCK)
    status = try descriptor.status()
    if status?.kind == .regular { return descriptor }
  } catch {
    throw .cannotOpen(path: path, errno: error.errno)
  }
  throw .notRegularFile(path: path)
}

/// The whole content of a regular file.
///
/// - Parameters:
///   - path: The file.
///   - limit: The most bytes it may have; what is larger is refused before it is read.
/// - Throws: ``FileError/tooLarge(path:size:limit:)`` and what ``InputFile`` throws.
public func readFile(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
  let file = try InputFile(path: path)
  if file.size > limit { throw .tooLarge(path: path, size: file.size, limit: limit) }
  return try file.read(at: 0, count: file.size)
}
