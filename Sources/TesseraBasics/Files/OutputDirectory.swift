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
/// `.NAME.tessera-new`, which the caller fills through ``stagingPath`` and nobody else can read;
/// ``commit()`` syncs all of it and puts it in place. With `force` the folder that was there is
/// exchanged for the new one in one step where the system can, the exchange is made durable, and
/// then the old folder is removed. A value that ends without ``commit()`` removes what was staged.
///
/// Not everything gives way to `force`. A folder with content is replaced only if Tessera wrote it:
/// it has one of ``recordNames``, a JSON file whose first key is `format` and whose format begins
/// with `tessera-`. No output is, contains, or is inside one of its inputs.
public struct OutputDirectory: ~Copyable {
  /// The files that tell an output of Tessera from other folders.
  public static let recordNames = [
    "training.json", "extension.json", "trimming.json", "conversion.json", "merge.json",
    "run.json", "shards.json",
  ]

  /// What may become of a folder with content that is where the new one is to be.
  package enum Replacement: Sendable {
    /// It is kept, and the new one refused.
    case never
    /// It is replaced if Tessera wrote it.
    case outputs
    /// It is replaced if Tessera wrote it, or if the caller knows it for what it would write again.
    case outputsAnd(isKnown: @Sendable (_ path: String) -> Bool)
    /// It is replaced. For folders inside an output.
    case always

    /// Whether a folder with content may be replaced at all.
    fileprivate var isPossible: Bool { if case .never = self { false } else { true } }

    /// Whether a folder with content may be replaced.
    fileprivate func allows(_ path: String) -> Bool {
      switch self {
      case .never: false
      case .outputs: isOutput(path)
      case .outputsAnd(let isKnown): isOutput(path) || isKnown(path)
      case .always: true
      }
    }
  }

  /// Where the folder will be.
  public let path: String
  /// Where to put the files.
  public let stagingPath: String

  private let replacement: Replacement
  private let retiredPath: String
  /// What the new folder's permissions will be.
  private let permissions: mode_t
  private let lock: LockFile
  private var isCommitted = false

  /// Starts a folder; nothing changes at `path` until ``commit()``.
  ///
  /// - Parameters:
  ///   - path: Where the folder will be; the folders above it are made, and removed again if it
  ///     comes to nothing.
  ///   - force: Whether a folder that Tessera wrote may be replaced, with all that is in it.
  ///   - inputs: Files and folders that the content is made of; `-` is none.
  /// - Throws: ``FileError/exists(path:)``, ``FileError/locked(path:)``,
  ///   ``FileError/notDirectory(path:)``, ``FileError/protected(path:)``,
  ///   ``FileError/notOutput(path:)``, ``FileError/overlapsInput(path:input:)``,
  ///   ``FileError/cannotRemove(path:errno:)``, ``FileError/cannotCreate(path:errno:)``.
  public init(path: String, force: Bool, inputs: [String] = []) throws(FileError) {
    try self.init(path: path, replacing: force ? .outputs : .never, inputs: inputs)
  }

  /// Starts a folder that may replace what is said.
  package init(
    path: String, replacing replacement: Replacement, inputs: [String] = []
  ) throws(FileError) {
    try Self.checkInputs(inputs, of: path)
    let madeFolders = try createDirectory(Path.directory(of: path))
    // A link to a folder stands for the folder.
    let target = Path.isDirectory(path) ? Path.destination(path) : path
    let retiredPath = Path.hiddenSibling(of: target, suffix: ".tessera-old")
    let stagingPath = Path.hiddenSibling(of: target, suffix: ".tessera-new")
    let lock = try LockFile(
      path: Path.hiddenSibling(of: target, suffix: ".tessera-lock"), for: path,
      madeFolders: madeFolders)
    try recover(target, from: retiredPath)
    try checkReplaceable(target, replacement)
    try remove(stagingPath)
    let failure = SystemCalls.makeDirectory(stagingPath)
    if failure != 0 { throw .cannotCreate(path: path, errno: failure) }
    let replaced = FileDescriptor.Status(path: target)?.permissions
    let own = FileDescriptor.Status(path: stagingPath)?.permissions ?? 0o700
    permissions = replaced ?? own
    // Special bits stay: they hand a shared folder's group on to what is made in it.
    SystemCalls.setPermissions(stagingPath, own & 0o7000 | 0o700)
    self.path = target
    self.stagingPath = stagingPath
    self.replacement = replacement
    self.retiredPath = retiredPath
    self.lock = lock
  }

  deinit {
    // The lock is still held, so the name cannot be another run's. What cannot be removed now is
    // removed, or reported, when the next run starts.
    if !isCommitted { removeTree(stagingPath) }
  }

  /// Sees to it that a folder could be started, without making anything.
  ///
  /// For callers that have a long way to go until they have something to write.
  ///
  /// - Throws: What ``init(path:force:inputs:)`` does for the same folder.
  public static func check(
    path: String, force: Bool, inputs: [String] = []
  ) throws(FileError) {
    try check(path: path, replacing: force ? .outputs : .never, inputs: inputs)
  }

  /// Sees to it that a folder could be started that may replace what is said.
  package static func check(
    path: String, replacing replacement: Replacement, inputs: [String] = []
  ) throws(FileError) {
    try checkInputs(inputs, of: path)
    let target = Path.isDirectory(path) ? Path.destination(path) : path
    try checkReplaceable(target, replacement)
  }

  /// Refuses an output that is one of its inputs, contains one, or is inside one.
  ///
  /// - Throws: ``FileError/overlapsInput(path:input:)``.
  public static func checkInputs(_ inputs: [String], of path: String) throws(FileError) {
    let output = Path.destination(path)
    for input in inputs where input != "-" {
      // What a link leads to, and the link itself.
      let link = Path.join(
        Path.destination(Path.directory(of: input)), Path.lastComponent(of: input))
      for place in [Path.destination(input), link]
      where Path.isInside(place, output) || Path.isInside(output, place) {
        throw .overlapsInput(path: path, input: input)
      }
    }
  }

  /// Makes the files durable and puts the folder in its place.
  ///
  /// - Throws: ``FileError/exists(path:)`` if something has come to be there meanwhile and may not
  ///   be replaced, and ``FileError/commitFailed(path:errno:)``; what was at `path` is then still
  ///   there. The last two steps are after the exchange, and an error in them leaves the new folder
  ///   at `path`: syncing the folder above, after whose failure the old folder is beside it under
  ///   its hidden name, and removing the old folder, with ``FileError/cannotRemove(path:errno:)``.
  public consuming func commit() throws(FileError) {
    let failure = SystemCalls.setPermissions(stagingPath, permissions | 0o700)
    if failure != 0 { throw .commitFailed(path: path, errno: failure) }
    try synchronizeTree(stagingPath)
    if permissions & 0o700 != 0o700 { SystemCalls.setPermissions(stagingPath, permissions) }
    var replaced: String?
    switch SystemCalls.move(stagingPath, to: path) {
    case 0: isCommitted = true
    case ENOTEMPTY, EEXIST: replaced = try replace()
    case ENOTDIR: throw replacement.isPossible ? .notDirectory(path: path) : .exists(path: path)
    case let failure: throw .commitFailed(path: path, errno: failure)
    }
    try synchronizeDirectory(Path.directory(of: path))
    if let replaced { try remove(replaced) }
  }

  /// Puts the new folder in the place of one with content, and returns where that one is now.
  private mutating func replace() throws(FileError) -> String {
    // It may be another one than at the start.
    try checkReplaceable(path, replacement)
    if SystemCalls.exchange(stagingPath, path) == 0 {
      isCommitted = true
      return stagingPath
    }
    try remove(retiredPath)
    var failure = SystemCalls.move(path, to: retiredPath)
    if failure != 0 { throw .commitFailed(path: path, errno: failure) }
    failure = SystemCalls.move(stagingPath, to: path)
    if failure != 0 {
      SystemCalls.move(retiredPath, to: path)
      throw .commitFailed(path: path, errno: failure)
    }
    isCommitted = true
    return retiredPath
  }
}

/// Undoes or completes what a run that was killed between its two renames began.
private func recover(_ path: String, from retiredPath: String) throws(FileError) {
  guard Path.exists(retiredPath) else { return }
  if Path.exists(path) {
    try remove(retiredPath)
    return
  }
  let failure = SystemCalls.move(retiredPath, to: path)
  if failure != 0 { throw .cannotCreate(path: path, errno: failure) }
}

private func checkReplaceable(
  _ path: String, _ replacement: OutputDirectory.Replacement
) throws(FileError) {
  guard let status = FileDescriptor.Status(path: path) else { return }
  if status.kind != .directory { throw .notDirectory(path: path) }
  // The lock of a run that was killed before it wrote anything is no content.
  let hasContent = try directoryEntries(path).contains { $0 != DirectoryLock.fileName }
  if hasContent, !replacement.isPossible { throw .exists(path: path) }

  let resolved = Path.destination(path)
  // SAFETY: the C library returns a string that ends with zero, or nothing; it is copied at once.
  let home = unsafe getenv("HOME").map { unsafe String(cString: $0) }
  let kept = [".", home].compactMap { $0 }.map(Path.destination)
  let isKept =
    kept.contains { Path.isInside($0, resolved) } || Path.exists(Path.join(path, ".git"))
  if hasContent, isKept { throw .protected(path: path) }
  if hasContent, !replacement.allows(path) { throw .notOutput(path: path) }
  try DirectoryLock.check(path)
}

/// Whether a folder has a record that Tessera wrote.
private func isOutput(_ path: String) -> Bool {
  let start = Array("{\"format\":\"tessera-".utf8)
  return OutputDirectory.recordNames.contains { name in
    guard let file = try? InputFile(path: Path.join(path, name)),
      let bytes = try? file.read(at: 0, count: min(file.size, 128))
    else { return false }
    return bytes.filter { $0 > UInt8(ascii: " ") }.starts(with: start)
  }
}
