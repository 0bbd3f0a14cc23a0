/// How far a long operation has come; libraries report it, the tool shows it.
public struct ProgressUpdate: Hashable, Sendable {
  /// What is being done, in a word or two: `counting`, `merging`.
  public var phase: String
  /// How much is done.
  public var completed: Int
  /// How much there is, if known.
  public var total: Int?
  /// What is counted: `B` (bytes), `tokens`, `merges`, `steps`.
  public var unit: String
  /// Anything else worth a few words.
  public var detail: String?

  /// An update with these values.
  public init(
    phase: String, completed: Int, total: Int? = nil, unit: String, detail: String? = nil
  ) {
    self.phase = phase
    self.completed = completed
    self.total = total
    self.unit = unit
    self.detail = detail
  }
}

/// Receives progress, from whatever thread is working; it should return quickly.
public typealias ProgressHandler = @Sendable (ProgressUpdate) -> Void
