#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Makes a folder and those above it; one that is there already is fine.
public func createDirectory(_ path: String) throws(FileError) {
  if let status = FileDescriptor.Status(path: path) {
    if status.kind == .directory { return }
    throw .notDirectory(path: path)
  }
  let parent = Path.directory(of: path)
  if parent != path, !Path.isDirectory(parent) { try createDirectory(parent) }
  let failure = SystemCalls.makeDirectory(path)
  if failure != 0, failure != EEXIST { throw .cannotCreate(path: path, errno: failure) }
}

/// All files under a folder and its subfolders, as paths that begin with `path`, sorted by bytes.
///
/// Links to files count as files. Links to folders are not followed, so there are no cycles. What
/// is neither a file nor a folder is left out. A path that is itself a file gives that path.
///
/// - Throws: ``FileError/cannotOpen(path:errno:)`` for a folder that cannot be read, and for a file
///   that cannot be examined.
public func listFiles(under path: String) throws(FileError) -> [String] {
  guard let status = FileDescriptor.Status(path: path) else {
    throw .cannotOpen(path: path, errno: errno)
  }
  if status.kind != .directory { return [path] }
  var files: [String] = []
  var pending = [path]
  while let directory = pending.popLast() {
    for name in try directoryEntries(directory) {
      let entry = Path.join(directory, name)
      guard let status = FileDescriptor.Status(path: entry, followingLinks: false) else {
        throw .cannotOpen(path: entry, errno: errno)
      }
      switch status.kind {
      case .regular: files.append(entry)
      case .directory: pending.append(entry)
      case .other:
        if FileDescriptor.Status(path: entry)?.kind == .regular { files.append(entry) }
      }
    }
  }
  return files.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
}

/// The names in a folder, without the two dots, in no order.
func directoryEntries(_ path: String) throws(FileError) -> [String] {
  guard let stream = unsafe opendir(path) else { throw .cannotOpen(path: path, errno: errno) }
  // SAFETY: the stream is open until the end of this function, and an entry is valid until the
  // next call for the same stream; its name ends with zero and is copied at once.
  defer { unsafe closedir(stream) }
  var names: [String] = []
  errno = 0
  while let entry = unsafe readdir(stream) {
    let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
      unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 1) { unsafe String(cString: $0) }
    }
    if name != ".", name != ".." { names.append(name) }
    errno = 0
  }
  if errno != 0 { throw .readFailed(path: path, offset: 0, errno: errno) }
  return names
}

/// Removes a file, or a folder with all that is in it. Links are removed, not followed.
///
/// - Returns: Whether nothing is left.
@discardableResult
package func removeTree(_ path: String) -> Bool {
  guard let status = FileDescriptor.Status(path: path, followingLinks: false) else { return true }
  if status.kind == .directory {
    for name in (try? directoryEntries(path)) ?? [] { removeTree(Path.join(path, name)) }
    return SystemCalls.removeDirectory(path) == 0
  }
  return SystemCalls.removeFile(path) == 0
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
    case .other: break
    }
  }
  try synchronizeDirectory(path)
}
