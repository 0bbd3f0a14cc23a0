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
  /// - Parameters:
  ///   - path: The file.
  ///   - limit: The most bytes that it may have.
  /// - Throws: ``FileError/cannotOpen(path:errno:)``, ``FileError/notRegularFile(path:)``,
  ///   ``FileError/tooLarge(path:size:limit:)`` and
  ///   ``FileError/readFailed(path:offset:errno:)``.
  public init(path: String, limit: Int) throws(FileError) {
    var status: FileDescriptor.Status?
    let descriptor = try openRegularFile(path, status: &status)
    let size = status?.size ?? 0
    guard size <= limit else { throw .tooLarge(path: path, size: size, limit: limit) }
    self.path = path
    guard size > 0 else {
      unsafe bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    // SAFETY: the system chooses the address; the range is given back in `deinit`.
    let memory = unsafe mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor.number, 0)
    guard let memory = unsafe memory, unsafe memory != MAP_FAILED else {
      throw .readFailed(path: path, offset: 0, errno: errno)
    }
    unsafe bytes = UnsafeRawBufferPointer(start: memory, count: size)
  }

  /// Has all pages read, which is cheaper now than one by one, where all of it will be looked at.
  public func populate() {
    #if os(Linux)
      guard let base = unsafe bytes.baseAddress else { return }
      // MADV_POPULATE_READ, since Linux 5.14; before, pages come when they are looked at.
      // SAFETY: the range is mapped; the call changes no content.
      _ = unsafe madvise(UnsafeMutableRawPointer(mutating: base), bytes.count, 22)
    #endif
  }

  deinit {
    if let base = unsafe bytes.baseAddress {
      // SAFETY: this range was mapped in `init`, and nobody uses it any more.
      _ = unsafe munmap(UnsafeMutableRawPointer(mutating: base), bytes.count)
    }
  }
}
