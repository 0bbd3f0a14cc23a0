#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file that is written under a hidden name and appears under its own, complete, or not at all.
///
/// Steps: lock `.NAME.tessera-lock` in the same folder; remove the hidden files that killed runs
/// left; make a new one, `.NAME.PID-RANDOM.tessera-tmp`; write; ``commit()`` syncs it, renames it
/// and syncs the folder. A value that ends without ``commit()`` removes what it wrote. While one run
/// writes, another one is refused with ``FileError/locked(path:)``.
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
  private let lock: LockFile
  private var buffer: [UInt8] = []
  private var isCommitted = false

  /// Writes of less are collected.
  private static let bufferSize = 1 << 16
  private static let temporarySuffix = ".tessera-tmp"

  /// Starts a file; nothing changes at `path` until ``commit()``.
  ///
  /// - Parameters:
  ///   - path: Where the file will be; its folder exists.
  ///   - overwrite: Whether one that is there already may be replaced.
  /// - Throws: ``FileError/exists(path:)``, ``FileError/locked(path:)``,
  ///   ``FileError/notReplaceable(path:)``, ``FileError/cannotCreate(path:errno:)``.
  public init(path: String, overwrite: Bool = true) throws(FileError) {
    try self.init(path: path, overwrite: overwrite, permissions: nil)
  }

  /// Starts a file that gets the given permissions, whatever is there already.
  init(path: String, overwrite: Bool = true, permissions: mode_t?) throws(FileError) {
    let existing = FileDescriptor.Status(path: path)
    if let existing {
      if !overwrite { throw .exists(path: path) }
      if existing.kind != .regular { throw .notReplaceable(path: path) }
    }
    let lock = try LockFile(
      path: Path.hiddenSibling(of: path, suffix: ".tessera-lock"), for: path)
    // While others are kept out, what looks like theirs is nobody's.
    if lock.isExclusive { Self.removeStale(of: path) }
    var temporaryPath = ""
    descriptor = try Self.makeTemporary(
      for: path, permissions: permissions ?? existing?.permissions, at: &temporaryPath)
    self.path = path
    self.overwrite = overwrite
    self.temporaryPath = temporaryPath
    self.lock = lock
  }

  deinit {
    // While the lock is held: it ends with this value's parts, after this.
    if !isCommitted { SystemCalls.removeFile(temporaryPath) }
  }

  /// Makes a file that is nobody else's: its name is new, or the system refuses.
  private static func makeTemporary(
    for path: String, permissions: mode_t?, at temporaryPath: inout String
  ) throws(FileError) -> FileDescriptor {
    var attempts = 0
    while true {
      let random = String(UInt64.random(in: 0 ... .max), radix: 16)
      temporaryPath = Path.hiddenSibling(
        of: path, suffix: ".\(getpid())-" + random + temporarySuffix)
      do throws(FileDescriptor.SystemError) {
        let descriptor = try FileDescriptor(
          path: temporaryPath, flags: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
          mode: permissions == nil ? 0o666 : 0o600)
        if let permissions { try descriptor.setPermissions(permissions) }
        return descriptor
      } catch {
        attempts += 1
        if error.errno == EEXIST, attempts < 8 { continue }
        if error.errno != EEXIST { SystemCalls.removeFile(temporaryPath) }
        throw .cannotCreate(path: path, errno: error.errno)
      }
    }
  }

  /// Removes the hidden files of runs that were killed while they wrote this file.
  private static func removeStale(of path: String) {
    let directory = Path.directory(of: path)
    let prefix = Path.lastComponent(of: Path.hiddenSibling(of: path, suffix: "."))
    // A folder whose names cannot be read keeps them; they are in nobody's way.
    for name in (try? directoryEntries(directory)) ?? [] {
      guard name.utf8.starts(with: prefix.utf8), name.hasSuffix(temporarySuffix) else { continue }
      let middle = name.utf8.dropFirst(prefix.utf8.count).dropLast(temporarySuffix.utf8.count)
      if middle.allSatisfy({ $0 != UInt8(ascii: ".") }) {
        SystemCalls.removeFile(Path.join(directory, name))
      }
    }
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

  /// Writes bytes in the place of some that were written before.
  ///
  /// For a header that holds what is known only at the end.
  ///
  /// - Precondition: As many bytes were written from `offset` on.
  public mutating func overwrite(_ bytes: [UInt8], at offset: Int) throws(FileError) {
    precondition(
      offset >= 0 && offset <= size && bytes.count <= size - offset,
      "only what was written can be overwritten")
    try flush()
    let error = unsafe bytes.withUnsafeBytes { buffer -> FileError? in
      // SAFETY: the buffer is the array's storage, used inside the closure alone.
      do throws(FileDescriptor.SystemError) {
        try unsafe descriptor.write(buffer, at: offset)
        return nil
      } catch {
        return .writeFailed(path: path, offset: offset, errno: error.errno)
      }
    }
    if let error { throw error }
  }

  /// Puts what was written so far where it can be read, under the hidden name.
  ///
  /// - Returns: The path, at which the file is until ``commit()``.
  public mutating func readablePath() throws(FileError) -> String {
    try flush()
    return temporaryPath
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

  /// Lets the system append bytes of another file, as many as it takes at a time; 0 if it cannot.
  mutating func appendBySystem(
    copying range: Range<Int>, of file: InputFile
  ) throws(FileError) -> Int {
    try flush()
    let count: Int
    do {
      count = try file.copy(range, to: descriptor)
    } catch {
      throw .writeFailed(path: path, offset: size, errno: error.errno)
    }
    size += count
    return count
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
  ///   to be meanwhile and may not be replaced. What was at `path` is then still there, unless it
  ///   was the folder that could not be synced: then the new file is, and a power failure may bring
  ///   the old one back.
  public consuming func commit() throws(FileError) { try commit(durably: true) }

  /// The same, without waiting for the disk if somebody else makes the whole folder durable.
  package consuming func commit(durably: Bool) throws(FileError) {
    try flush()
    if durably {
      do {
        try descriptor.synchronize()
      } catch {
        throw .commitFailed(path: path, errno: error.errno)
      }
    }
    let failure =
      overwrite
      ? SystemCalls.move(temporaryPath, to: path)
      : SystemCalls.moveFile(temporaryPath, toFree: path)
    if failure == EEXIST, !overwrite { throw .exists(path: path) }
    if failure != 0 { throw .commitFailed(path: path, errno: failure) }
    isCommitted = true
    if durably { try synchronizeDirectory(Path.directory(of: path)) }
  }
}

/// Writes a file in one go, by way of ``AtomicFile``: afterwards it is complete, or as it was.
public func writeFile(_ path: String, _ bytes: [UInt8]) throws(FileError) {
  var file = try AtomicFile(path: path)
  try file.write(bytes)
  try file.commit()
}
