#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A regular file whose content is in memory without being copied: processes that map it share it.
///
/// Whoever replaces the file by another one, as ``AtomicFile`` does, changes nothing here. One that is
/// changed or cut off in its place while it is mapped changes what was read already, and may end the
/// process, as with a program that is overwritten while it runs; ``InputFile`` copies for that reason.
/// It is for files that only we write.
@safe
public final class MappedFile: @unchecked Sendable {
  // SAFETY (Sendable): the memory is never written.
  /// The path it was opened by.
  public let path: String
  /// The content; valid as long as this object is.
  public let bytes: UnsafeRawBufferPointer

  /// Maps a file.
  ///
  /// - Throws: ``FileError/cannotOpen(path:errno:)``, ``FileError/notRegularFile(path:)`` and
  ///   ``FileError/readFailed(path:offset:errno:)``.
  public init(path: String) throws(FileError) {
    var status: FileDescriptor.Status?
    let descriptor = try openRegularFile(path, status: &status)
    let size = status?.size ?? 0
    self.path = path
    guard size > 0 else {
      unsafe bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    var flags = MAP_PRIVATE
    #if os(Linux)
      // All of it will be read, and now is cheaper than page by page.
      flags |= Int32(MAP_POPULATE)
    #endif
    // SAFETY: the system chooses the address; the range is given back in `deinit`.
    let memory = unsafe mmap(nil, size, PROT_READ, flags, descriptor.number, 0)
    guard let memory = unsafe memory, unsafe memory != MAP_FAILED else {
      throw .readFailed(path: path, offset: 0, errno: errno)
    }
    unsafe bytes = UnsafeRawBufferPointer(start: memory, count: size)
  }

  deinit {
    if let base = unsafe bytes.baseAddress {
      // SAFETY: this range was mapped in `init`, and nobody uses it any more.
      _ = unsafe munmap(UnsafeMutableRawPointer(mutating: base), bytes.count)
    }
  }
}
