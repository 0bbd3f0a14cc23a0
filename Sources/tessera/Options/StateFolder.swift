import TesseraBasics
import TesseraTokenizers

/// The folder beside the output in which a training keeps its state, or none for short trainings.
struct StateFolder: ~Copyable {
  /// From this size of a corpus on a state is kept without being asked for: half a minute of work.
  static let corpusSize = 1 << 30

  /// The state; nil if none is kept.
  let state: TrainingState?
  private let lock: DirectoryLock?

  /// Makes the folder, or takes up the one that a killed run left.
  ///
  /// - Parameter inputs: What the training reads, none of which may be in the folder.
  /// - Throws: `FileError`; ``UsageError`` if there is a state that nobody said to go on from or to
  ///   drop, or one of another call, or a folder that is no state.
  init(
    beside output: String, inputs: [String], resume: Bool, force: Bool, isLarge: Bool
  ) throws {
    var path = output
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    path += ".state"
    try OutputDirectory.checkInputs(inputs, of: path)
    if Path.isDirectory(path) {
      // Only what a training has left gives way.
      if !Path.exists(Path.join(path, RunConfiguration.fileName)),
        try listFiles(under: path).contains(where: { !$0.hasSuffix("/.lock") })
      {
        throw UsageError(
          "\(path) is needed for the state of the training, and holds something else")
      }
      if !resume {
        if !force { throw FileError.unfinished(path: path) }
        removeTree(path)
      }
    }
    try self.init(path: resume || isLarge ? path : nil)
  }

  private init(path: String?) throws {
    guard let path else {
      self.init(state: nil, lock: nil)
      return
    }
    let exists = Path.isDirectory(path)
    let lock = try DirectoryLock(path: path)
    if exists { try RunConfiguration.current.checkStarted(in: path) }
    try RunConfiguration.current.write(to: path)
    self.init(state: TrainingState(folder: path), lock: lock)
  }

  private init(state: TrainingState?, lock: consuming DirectoryLock?) {
    self.state = state
    self.lock = lock
  }

  /// Does the work, and says where its state is if it is interrupted.
  func keepingIfInterrupted<Result>(_ work: () throws -> Result) throws -> Result {
    do {
      return try work()
    } catch {
      guard Interrupted(error) != nil else { throw error }
      throw Interrupted(resumableFolder: state?.folder)
    }
  }

  /// Removes the folder, when it is needed no more.
  consuming func remove() {
    if let state { removeTree(state.folder) }
  }
}
