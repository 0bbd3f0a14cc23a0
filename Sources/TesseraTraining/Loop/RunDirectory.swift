public import TesseraBasics

/// The folder of a run, held against other runs: metrics and states while it lasts, then the model.
///
/// `run.json` in it says what was fixed before the first step, so that a resumed run does not measure
/// the machine's speed again and come to another number of steps.
public struct RunDirectory: ~Copyable {
  /// Where the folder is.
  public let path: String
  /// What `run.json` holds; nil in a folder that is new.
  public private(set) var record: JSONValue?
  /// Whether the folder is that of a run that is to be resumed.
  public let isResumed: Bool
  private let lock: DirectoryLock

  private static let recordName = "run.json"
  /// The largest `run.json` that is read, in bytes.
  private static let recordSizeLimit = 16 << 20

  /// Makes a new folder, or opens that of a run to resume.
  ///
  /// - Parameters:
  ///   - path: Where the folder is to be.
  ///   - force: Whether a folder with content may be replaced.
  ///   - resume: Whether to go on in a folder that has a `run.json`; one that is missing or empty is
  ///     then started as a new one.
  /// - Throws: `FileError`, or `JSONError` for a `run.json` that is not JSON.
  public init(path: String, force: Bool, resume: Bool) throws {
    let file = Path.join(path, Self.recordName)
    let isResumed = resume && Path.exists(file)
    if !isResumed { try Self.check(path, force: force) }
    let lock = try DirectoryLock(path: path)
    var record: JSONValue?
    if isResumed {
      record = try JSONValue(parsing: readFile(file, limit: Self.recordSizeLimit))
    } else if force {
      try Self.clear(path)
    }
    self.init(path: path, record: record, lock: lock)
  }

  private init(path: String, record: JSONValue?, lock: consuming DirectoryLock) {
    self.path = path
    self.record = record
    isResumed = record != nil
    self.lock = lock
  }

  /// Sees to it that a new run may use the folder.
  private static func check(_ path: String, force: Bool) throws(FileError) {
    // Starting an output looks at what is there, and leaves it alone until it is committed.
    _ = try OutputDirectory(path: path, force: force)
  }

  /// Removes what an earlier run left, but not the lock.
  private static func clear(_ path: String) throws(FileError) {
    let files = try listFiles(under: path).map { $0.dropFirst(path.utf8.count + 1) }
    let names = Set(files.map { String($0.prefix { $0 != "/" }) }).subtracting([".lock"])
    for name in names { _ = removeTree(Path.join(path, name)) }
  }

  /// What runs leave beside a model: states, logs and reports. They are about the run and not about
  /// the model, so they are not carried over to a model that is made from this one.
  public static let runFileNames: Set<String> = [
    "state", "metrics.jsonl", recordName, "training.json", "held-out.jsonl", "report.json",
    "report.txt", "report.html", "MODEL_CARD.md",
  ]

  /// Removes the files of another run that came along with the model it left.
  public func removeRunFiles() {
    for name in Self.runFileNames { _ = removeTree(Path.join(path, name)) }
  }

  /// Writes `run.json`.
  public mutating func write(_ record: JSONValue) throws(FileError) {
    try writeFile(Path.join(path, Self.recordName), record.serialized(pretty: true))
    self.record = record
  }
}
