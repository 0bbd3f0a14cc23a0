#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file that is written under a hidden name and appears under its own, complete, or not at all.
///
/// Steps: open `.NAME.tessera-tmp` in the same folder and lock it; write; ``commit()`` syncs it,
/// renames it and syncs the folder. A value that ends without ``commit()`` removes what it wrote.
/// What a killed run left behind is overwritten by the next one: its lock went with it. While one
/// run writes, another one is refused with ``FileError/locked(path:)``.
///
///     var file = try AtomicFile(path: "out.txt")
///     try file.write(Array("hello".utf8))
///     try file.commit()
///
/// A file that is replaced keeps its permissions; a link is replaced, not followed.
public struct AtomicFile: ~Copyable {
  /// Where the file will be.
  public let path: String
  /// How many bytes were written so far.
  public private(set) var size = 0

  private let temporaryPath: String
  private let overwrite: Bool
  private let descriptor: FileDescriptor
  private var buffer: [UInt8] = []
  private var isCommitted = false

  /// Writes of less are collected.
  private static let bufferSize = 1 << 16

  /// Starts a file; nothing changes at `path` until ``commit()``.
  ///
  /// - Parameters:
  ///   - path: Where the file will be; its folder exists.
  ///   - overwrite: Whether one that is there already may be replaced.
  /// - Throws: ``FileError/exists(path:)``, ``FileError/locked(path:)``,
  ///   ``FileError/notRegularFile(path:)``, ``FileError/cannotCreate(path:errno:)``.
  public init(path: String, overwrite: Bool = true) throws(FileError) {
    let existing = FileDescriptor.Status(path: path)
    if let existing {
      if !overwrite { throw .exists(path: path) }
      if existing.kind != .regular { throw .notRegularFile(path: path) }
    }
    let temporaryPath = Path.hiddenSibling(of: path, suffix: ".tessera-tmp")
    let descriptor = try openLocked(temporaryPath, for: path)
    do {
      try descriptor.clear()
    } catch {
      SystemCalls.removeFile(temporaryPath)
      throw .cannotCreate(path: path, errno: error.errno)
    }
    if let existing { fchmod(descriptor.number, existing.permissions) }
    self.path = path
    self.overwrite = overwrite
    self.temporaryPath = temporaryPath
    self.descriptor = descriptor
  }

  deinit {
    // While the lock is held, so the name cannot be another run's.
    if !isCommitted { SystemCalls.removeFile(temporaryPath) }
  }

  /// Appends bytes.
  public mutating func write(_ bytes: [UInt8]) throws(FileError) {
    try write(bytes.span)
  }

  /// Appends bytes.
  public mutating func write(_ bytes: Span<UInt8>) throws(FileError) {
    let error = unsafe bytes.withUnsafeBytes { buffer -> FileError? in
      // SAFETY: the buffer is the span's memory, used inside the closure alone.
      do throws(FileError) {
        try unsafe write(buffer)
        return nil
      } catch {
        return error
      }
    }
    if let error { throw error }
  }

  /// Appends bytes.
  public mutating func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    if buffer.count + bytes.count <= AtomicFile.bufferSize {
      unsafe buffer.append(contentsOf: bytes)
    } else {
      try flush()
      if bytes.count < AtomicFile.bufferSize {
        unsafe buffer.append(contentsOf: bytes)
      } else {
        try unsafe writeOut(bytes, at: size)
      }
    }
    size += bytes.count
  }

  /// Appends a string's UTF-8.
  public mutating func write(_ text: String) throws(FileError) {
    try write(Array(text.utf8))
  }

  private mutating func flush() throws(FileError) {
    if buffer.isEmpty { return }
    var pending: [UInt8] = []
    swap(&pending, &buffer)
    let error = unsafe pending.withUnsafeBytes { bytes -> FileError? in
      // SAFETY: the bytes are the array's storage, used inside the closure alone.
      do throws(FileError) {
        try unsafe writeOut(bytes, at: size - bytes.count)
        return nil
      } catch {
        return error
      }
    }
    if let error { throw error }
    pending.removeAll(keepingCapacity: true)
    buffer = pending
  }

  private func writeOut(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
    var done = 0
    while done < bytes.count {
      do {
        let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[done...])
        done += try unsafe descriptor.write(rest)
      } catch {
        throw .writeFailed(path: path, offset: offset + done, errno: error.errno)
      }
    }
  }

  /// Makes the file durable and gives it its name; from here on it is there.
  ///
  /// - Throws: ``FileError/writeFailed(path:offset:errno:)``,
  ///   ``FileError/commitFailed(path:errno:)``, ``FileError/exists(path:)`` if the file has come
  ///   to be meanwhile and may not be replaced. What was at `path` before is then still there.
  public consuming func commit() throws(FileError) {
    try flush()
    do {
      try descriptor.synchronize()
    } catch {
      throw .commitFailed(path: path, errno: error.errno)
    }
    if !overwrite, Path.exists(path) { throw .exists(path: path) }
    let failure = SystemCalls.move(temporaryPath, to: path)
    if failure != 0 { throw .commitFailed(path: path, errno: failure) }
    isCommitted = true
    try synchronizeDirectory(Path.directory(of: path))
  }
}

/// Writes a file in one go, by way of ``AtomicFile``: afterwards it is complete, or as it was.
public func writeFile(_ path: String, _ bytes: [UInt8]) throws(FileError) {
  var file = try AtomicFile(path: path)
  try file.write(bytes)
  try file.commit()
}
