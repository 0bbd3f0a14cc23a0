#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A folder that is filled under a hidden name and appears under its own, complete, or not at all.
///
/// Steps: lock `.NAME.tessera-lock` beside the folder; remove what a killed run left; make
/// `.NAME.tessera-new`, which the caller fills through ``stagingPath``; ``commit()`` syncs all of
/// it and puts it in place. With `force` the folder that was there is exchanged for the new one in
/// one step where the system can, and then removed. A value that ends without ``commit()`` removes
/// what was staged.
public struct OutputDirectory: ~Copyable {
  /// Where the folder will be.
  public let path: String
  /// Where to put the files.
  public let stagingPath: String

  private let retiredPath: String
  private let lock: LockFile
  private var isCommitted = false

  /// Starts a folder; nothing changes at `path` until ``commit()``.
  ///
  /// - Parameters:
  ///   - path: Where the folder will be; the folders above it are made.
  ///   - force: Whether a folder with content may be replaced, all of it.
  /// - Throws: ``FileError/exists(path:)``, ``FileError/locked(path:)``,
  ///   ``FileError/notDirectory(path:)``, ``FileError/protected(path:)``,
  ///   ``FileError/cannotCreate(path:errno:)``.
  public init(path: String, force: Bool) throws(FileError) {
    try createDirectory(Path.directory(of: path))
    // A link to a folder stands for the folder.
    let target = Path.isDirectory(path) ? Path.resolved(path) ?? path : path
    let retiredPath = Path.hiddenSibling(of: target, suffix: ".tessera-old")
    let stagingPath = Path.hiddenSibling(of: target, suffix: ".tessera-new")
    let lockPath = Path.hiddenSibling(of: target, suffix: ".tessera-lock")
    let lock = try LockFile(path: lockPath, for: path)
    try recover(target, from: retiredPath)
    try checkReplaceable(target, force: force)
    removeTree(stagingPath)
    let failure = SystemCalls.makeDirectory(stagingPath)
    if failure != 0 { throw .cannotCreate(path: path, errno: failure) }
    self.path = target
    self.stagingPath = stagingPath
    self.retiredPath = retiredPath
    self.lock = lock
  }

  deinit {
    // The lock is still held, so the name cannot be another run's.
    if !isCommitted { removeTree(stagingPath) }
  }

  /// Makes the files durable and puts the folder in its place.
  ///
  /// - Throws: ``FileError/commitFailed(path:errno:)``. What was at `path` before is then still
  ///   there.
  public consuming func commit() throws(FileError) {
    try synchronizeTree(stagingPath)
    let failure = SystemCalls.move(stagingPath, to: path)
    switch failure {
    case 0: isCommitted = true
    case ENOTEMPTY, EEXIST: try replace()
    default: throw .commitFailed(path: path, errno: failure)
    }
    try synchronizeDirectory(Path.directory(of: path))
  }

  private mutating func replace() throws(FileError) {
    if SystemCalls.exchange(stagingPath, path) == 0 {
      isCommitted = true
      removeTree(stagingPath)
      return
    }
    removeTree(retiredPath)
    var failure = SystemCalls.move(path, to: retiredPath)
    if failure != 0 { throw .commitFailed(path: path, errno: failure) }
    failure = SystemCalls.move(stagingPath, to: path)
    if failure != 0 {
      SystemCalls.move(retiredPath, to: path)
      throw .commitFailed(path: path, errno: failure)
    }
    isCommitted = true
    removeTree(retiredPath)
  }
}

/// Undoes or completes what a run that was killed between its two renames began.
private func recover(_ path: String, from retiredPath: String) throws(FileError) {
  guard Path.exists(retiredPath) else { return }
  if Path.exists(path) {
    removeTree(retiredPath)
    return
  }
  let failure = SystemCalls.move(retiredPath, to: path)
  if failure != 0 { throw .cannotCreate(path: path, errno: failure) }
}

private func checkReplaceable(_ path: String, force: Bool) throws(FileError) {
  guard let status = FileDescriptor.Status(path: path) else { return }
  if status.kind != .directory { throw .notDirectory(path: path) }
  let entries = try directoryEntries(path)
  if entries.isEmpty { return }
  if !force { throw .exists(path: path) }

  let resolved = Path.resolved(path) ?? path
  // SAFETY: the C library returns a string that ends with zero, or nothing; it is copied at once.
  let home = unsafe getenv("HOME").map { unsafe String(cString: $0) }
  let kept = [Path.resolved("."), home.flatMap(Path.resolved)].compactMap { $0 }
  let prefix = resolved == "/" ? "/" : resolved + "/"
  if entries.contains(".git") || kept.contains(where: { ($0 + "/").utf8.starts(with: prefix.utf8) })
  {
    throw .protected(path: path)
  }
}
