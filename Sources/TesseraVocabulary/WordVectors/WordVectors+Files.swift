public import TesseraBasics

extension WordVectors {
  /// How vectors are stored.
  public enum Format: Hashable, Sendable {
    /// Text: `.vec`, `.vec.gz`, `.vec.zst`, `.txt`.
    case text
    /// A model of fastText: `.bin`.
    case fastText

    /// The format that a file's name tells to write, or nil.
    public init?(path: String) {
      if path.hasSuffix(".vec") {
        self = .text
      } else if path.hasSuffix(".bin") {
        self = .fastText
      } else {
        return nil
      }
    }
  }

  /// Reads vectors: a model of fastText where the name ends in `.bin`, else text.
  ///
  /// - Throws: ``WordVectorError``.
  public init(
    contentsOf path: String, progress: ProgressHandler? = nil
  ) throws(WordVectorError) {
    if path.hasSuffix(".bin") {
      try self.init(fastText: path, progress: progress)
    } else {
      try self.init(text: path, progress: progress)
    }
  }

  /// Writes vectors in the format that the name tells.
  ///
  /// - Parameters:
  ///   - path: The file, which ends in `.vec` or `.bin`.
  ///   - options: How the vectors were learned.
  ///   - overwrite: Whether a file that is there may be replaced.
  /// - Precondition: The name tells a format.
  public func write(
    to path: String, options: WordVectorOptions, overwrite: Bool
  ) throws(WordVectorError) {
    switch Format(path: path) {
    case .text: try write(text: path, overwrite: overwrite)
    case .fastText: try write(fastText: path, options: options, overwrite: overwrite)
    case nil: preconditionFailure("\(path) does not end in .vec or .bin")
    }
  }
}
