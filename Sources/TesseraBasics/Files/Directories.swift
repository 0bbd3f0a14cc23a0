#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Makes a folder and those above it, durably; one that is there already is fine.
///
/// - Returns: The folders that were made, the outermost first.
/// - Throws: ``FileError/notDirectory(path:)``, ``FileError/cannotCreate(path:errno:)``; no folder
///   is then left that was not there before.
@discardableResult
public func createDirectory(_ path: String) throws(FileError) -> [String] {
  try createDirectory(path, durably: true)
}

/// Makes a folder and those above it, without waiting for the disk if nothing depends on it.
@discardableResult
package func createDirectory(_ path: String, durably: Bool) throws(FileError) -> [String] {
  var missing: [String] = []
  var folder = path
  while true {
    if let status = FileDescriptor.Status(path: folder) {
      if status.kind == .directory { break }
      throw .notDirectory(path: folder)
    }
    missing.append(folder)
    let parent = Path.directory(of: folder)
    if parent == folder { break }
    folder = parent
  }
  var made: [String] = []
  do throws(FileError) {
    for folder in missing.reversed() {
      let failure = SystemCalls.makeDirectory(folder)
      if failure == EEXIST {
        // Another program was faster, or it is a link that leads nowhere.
        if Path.isDirectory(folder) { continue }
        throw .notDirectory(path: folder)
      }
      if failure != 0 { throw .cannotCreate(path: path, errno: failure) }
      made.append(folder)
      if durably { try synchronizeDirectory(Path.directory(of: folder)) }
    }
  } catch {
    for folder in made.reversed() { SystemCalls.removeDirectory(folder) }
    throw error
  }
  return made
}

/// All files under a folder and its subfolders, as paths that begin with `path`, sorted by bytes.
///
/// Links to files count as files. Links to folders are not followed, so there are no cycles. What
/// is neither a file nor a folder is left out. A path that is itself a file gives that path.
///
/// - Throws: ``FileError/cannotOpen(path:errno:)`` for a folder that cannot be read and for a file
///   that cannot be examined, ``FileError/invalidName(directory:)`` for a folder with a name that no
///   string can hold.
public func listFiles(under path: String) throws(FileError) -> [String] {
  try listTree(under: path).files
}

/// All files under a folder as ``listFiles(under:)`` gives them, and what is there besides them.
///
/// - Returns: The files, and the others: empty folders, links to folders or to nothing, and what is
///   neither a file nor a folder.
package func listTree(
  under path: String
) throws(FileError) -> (files: [String], others: [String]) {
  guard let status = FileDescriptor.Status(path: path) else {
    throw .cannotOpen(path: path, errno: errno)
  }
  if status.kind != .directory { return ([path], []) }
  var files: [String] = []
  var others: [String] = []
  var pending = [path]
  while let directory = pending.popLast() {
    let names = try directoryEntries(directory)
    if names.isEmpty, directory != path { others.append(directory) }
    for name in names {
      let entry = Path.join(directory, name)
      guard let status = FileDescriptor.Status(path: entry, followingLinks: false) else {
        throw .cannotOpen(path: entry, errno: errno)
      }
      switch status.kind {
      case .regular: files.append(entry)
      case .directory: pending.append(entry)
      case .link, .other:
        if FileDescriptor.Status(path: entry)?.kind == .regular {
          files.append(entry)
        } else {
          others.append(entry)
        }
      }
    }
  }
  func sorted(_ paths: [String]) -> [String] {
    paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }
  return (sorted(files), sorted(others))
}

/// The names in a folder, without the two dots, in no order.
///
/// - Throws: ``FileError/invalidName(directory:)`` for a name that is not valid UTF-8. A string
///   with something else in place of its bytes would be another file's name.
package func directoryEntries(_ path: String) throws(FileError) -> [String] {
  guard let stream = unsafe opendir(path) else { throw .cannotOpen(path: path, errno: errno) }
  // SAFETY: the stream is open until the end of this function.
  defer { unsafe closedir(stream) }
  let (rawNames, failure) = unsafe namesOfEntries(stream)
  if failure != 0 { throw .readFailed(path: path, offset: 0, errno: failure) }
  var names: [String] = []
  for rawName in rawNames {
    let bytes = rawName.dropLast().map { UInt8(bitPattern: $0) }
    guard let name = String(validating: bytes, as: UTF8.self) else {
      throw .invalidName(directory: path)
    }
    names.append(name)
  }
  return names
}

#if canImport(Darwin)
  private typealias DirectoryStream = UnsafeMutablePointer<DIR>
#else
  private typealias DirectoryStream = OpaquePointer
#endif

/// The names that a stream has left, each with a zero at its end, without the two dots.
private func namesOfEntries(_ stream: DirectoryStream) -> (names: [[CChar]], errno: Int32) {
  var names: [[CChar]] = []
  errno = 0
  while let entry = unsafe readdir(stream) {
    // SAFETY: an entry is valid until the next call for the same stream; its name ends with zero
    // and is copied at once.
    let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
      unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 1) { start in
        unsafe Array(UnsafeBufferPointer(start: start, count: strlen(start) + 1))
      }
    }
    let dot = CChar(bitPattern: UInt8(ascii: "."))
    if name != [dot, 0], name != [dot, dot, 0] { names.append(name) }
    errno = 0
  }
  return (names, errno)
}

/// Removes a file, or a folder with all that is in it. Links are removed, not followed.
///
/// - Returns: Whether nothing is left.
@discardableResult
package func removeTree(_ path: String) -> Bool {
  (try? remove(path)) != nil
}

/// Removes a file, or a folder with all that is in it. Links are removed, not followed.
///
/// A folder that may not be written to is made writable first.
///
/// - Throws: ``FileError/cannotRemove(path:errno:)``, where something is left.
package func remove(_ path: String) throws(FileError) {
  guard let status = FileDescriptor.Status(path: path, followingLinks: false) else { return }
  let failure =
    if status.kind == .directory {
      // SAFETY: Swift passes a copy of the path that ends with zero and lives through the call.
      unsafe removeDirectory(path, in: AT_FDCWD)
    } else {
      SystemCalls.removeFile(path)
    }
  if failure != 0, failure != ENOENT { throw .cannotRemove(path: path, errno: failure) }
}

/// Removes the folder of a name in an open folder, with all that is in it.
///
/// Names stay bytes on the way, so that those that are no text are removed as well.
///
/// - Returns: The system's first error number, or 0.
private func removeDirectory(_ name: UnsafePointer<CChar>, in parent: Int32) -> Int32 {
  // SAFETY of this function: names end with zero and live through the calls, which keep no pointer;
  // the stream owns the descriptor and is closed on the one way out.
  let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
  var descriptor = unsafe openat(parent, name, flags)
  if descriptor < 0, errno == EACCES {
    _ = unsafe fchmodat(parent, name, 0o700, 0)
    descriptor = unsafe openat(parent, name, flags)
  }
  if descriptor < 0 { return errno }
  var status = stat()
  if unsafe fstat(descriptor, &status) == 0, status.st_mode & 0o300 != 0o300 {
    fchmod(descriptor, status.st_mode & 0o7777 | 0o700)
  }
  guard let stream = unsafe fdopendir(descriptor) else {
    let failure = errno
    close(descriptor)
    return failure
  }
  defer { unsafe closedir(stream) }
  var (entries, failure) = unsafe namesOfEntries(stream)
  for entry in entries {
    unsafe entry.withUnsafeBufferPointer { entry in
      guard let entry = entry.baseAddress else { return }
      var status = stat()
      var result: Int32 = 0
      if unsafe fstatat(descriptor, entry, &status, AT_SYMLINK_NOFOLLOW) != 0 {
        result = errno
      } else if status.st_mode & S_IFMT == S_IFDIR {
        result = unsafe removeDirectory(entry, in: descriptor)
      } else if unsafe unlinkat(descriptor, entry, 0) != 0 {
        result = errno
      }
      if failure == 0, result != ENOENT { failure = result }
    }
  }
  if failure == 0, unsafe unlinkat(parent, name, AT_REMOVEDIR) != 0 { failure = errno }
  return failure
}

/// Makes the names in a folder durable.
func synchronizeDirectory(_ path: String) throws(FileError) {
  do {
    try FileDescriptor(path: path, flags: O_RDONLY | O_DIRECTORY).synchronize()
  } catch {
    throw .commitFailed(path: path, errno: error.errno)
  }
}

/// Makes every file and folder under a folder durable, and the folder itself.
func synchronizeTree(_ path: String) throws(FileError) {
  for name in try directoryEntries(path) {
    let entry = Path.join(path, name)
    guard let status = FileDescriptor.Status(path: entry, followingLinks: false) else { continue }
    switch status.kind {
    case .directory: try synchronizeTree(entry)
    case .regular:
      do {
        try FileDescriptor(path: entry, flags: O_RDONLY).synchronize()
      } catch {
        throw .commitFailed(path: entry, errno: error.errno)
      }
    case .link, .other: break
    }
  }
  try synchronizeDirectory(path)
}
