#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file that grows while a run lasts, such as a log.
///
/// What was appended is there for others to read at once. A run that is killed may leave a part of
/// what it appended last, so readers must be able to tell half a record from a whole one.
public struct AppendedFile: ~Copyable, Sendable {
  /// Where the file is.
  public let path: String
  private let descriptor: FileDescriptor

  /// Opens a file to append to, and makes it if it is missing.
  ///
  /// - Throws: ``FileError/cannotCreate(path:errno:)``.
  public init(path: String) throws(FileError) {
    self.path = path
    do throws(FileDescriptor.SystemError) {
      descriptor = try FileDescriptor(
        path: path, flags: O_WRONLY | O_CREAT | O_APPEND, mode: 0o666)
    } catch {
      throw .cannotCreate(path: path, errno: error.errno)
    }
  }

  /// Appends bytes.
  ///
  /// - Throws: ``FileError/writeFailed(path:offset:errno:)``, with the offset in these bytes.
  public func append(_ bytes: [UInt8]) throws(FileError) {
    var done = 0
    while done < bytes.count {
      let rest = bytes[done...]
      let result = unsafe rest.withUnsafeBytes { buffer in
        // SAFETY: the buffer is the slice's memory, used inside the closure alone.
        do throws(FileDescriptor.SystemError) {
          return Result<Int, FileDescriptor.SystemError>.success(
            try unsafe descriptor.write(buffer))
        } catch {
          return .failure(error)
        }
      }
      switch result {
      case .success(let count): done += count
      case .failure(let error):
        throw .writeFailed(path: path, offset: done, errno: error.errno)
      }
    }
  }

  /// Makes what was appended durable.
  ///
  /// - Throws: ``FileError/commitFailed(path:errno:)``.
  public func synchronize() throws(FileError) {
    do {
      try descriptor.synchronize()
    } catch {
      throw .commitFailed(path: path, errno: error.errno)
    }
  }
}
