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
  private static let recordFormat = "tessera-run-1"
  /// The largest `run.json` that is read, in bytes.
  private static let recordSizeLimit = 16 << 20

  /// Makes a new folder, or opens that of a run to resume.
  ///
  /// - Parameters:
  ///   - path: Where the folder is to be.
  ///   - force: Whether a folder that Tessera wrote may be cleared, with all that is in it.
  ///   - resume: Whether to go on in a folder that has a `run.json`; one that is missing or empty is
  ///     then started as a new one.
  ///   - inputs: Files and folders that the run reads, none of which may be lost.
  /// - Throws: `FileError`, or `JSONError` for a `run.json` that is not JSON.
  public init(path: String, force: Bool, resume: Bool, inputs: [String] = []) throws {
    let isResumed = resume && Self.isResumable(path)
    if isResumed {
      try OutputDirectory.checkInputs(inputs, of: path)
    } else {
      try Self.check(path, force: force, inputs: inputs)
    }
    let lock = try DirectoryLock(path: path)
    var record: JSONValue?
    if isResumed {
      record = try Self.record(in: path)
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

  /// Whether there is a state to go on from.
  var hasStates: Bool {
    isResumed && !StateStore(path: Path.join(path, "state")).steps().isEmpty
  }

  /// The record of the run in a folder; nil if there is none.
  ///
  /// - Throws: `FileError`, or `JSONError` for a `run.json` that is not JSON.
  public static func record(in path: String) throws -> JSONValue? {
    let file = Path.join(path, recordName)
    guard Path.exists(file) else { return nil }
    return try JSONValue(parsing: readFile(file, limit: recordSizeLimit))
  }

  /// Whether a folder has the record of a run that can be resumed.
  public static func isResumable(_ path: String) -> Bool {
    Path.exists(Path.join(path, recordName))
  }

  /// Whether a folder is that of a run that has not ended.
  public static func isUnfinished(_ path: String) -> Bool {
    isResumable(path)
      && !["report.json", "training.json", "comparison.json"].contains {
        Path.exists(Path.join(path, $0))
      }
  }

  /// Makes a folder that is being filled that of a run, which can be resumed before it has a plan.
  ///
  /// - Throws: `FileError`.
  public static func mark(_ folder: String) throws(FileError) {
    try write([:], to: folder)
  }

  /// Sees to it that a new run may use the folder.
  private static func check(_ path: String, force: Bool, inputs: [String]) throws(FileError) {
    // Starting an output looks at what is there, and leaves it alone until it is committed.
    _ = try OutputDirectory(path: path, force: force, inputs: inputs)
  }

  /// Removes what an earlier run left, but not the lock.
  private static func clear(_ path: String) throws(FileError) {
    // Records come last: until then the folder shows whose it is, should we be stopped.
    let records = OutputDirectory.recordNames
    for isRecord in [false, true] {
      for name in try directoryEntries(path)
      where name != DirectoryLock.fileName && records.contains(name) == isRecord {
        try remove(Path.join(path, name))
      }
    }
  }

  /// Writes `run.json`: the members of a record, behind one that tells the format.
  public mutating func write(_ record: JSONValue) throws(FileError) {
    try Self.write(record.object ?? [:], to: path)
    self.record = record
  }

  private static func write(_ record: JSONObject, to folder: String) throws(FileError) {
    var marked: JSONObject = ["format": .string(recordFormat)]
    for (key, value) in record.members { marked[key] = value }
    try writeFile(
      Path.join(folder, recordName), JSONValue.object(marked).serialized(pretty: true))
  }
}
