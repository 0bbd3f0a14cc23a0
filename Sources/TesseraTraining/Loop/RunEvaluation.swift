/// The scores of a run's evaluation sets by weights of one kind after a number of steps.
public struct RunEvaluation: Hashable, Sendable {
  /// The score of one set.
  public struct Entry: Hashable, Sendable {
    /// The set's name.
    public var name: String
    /// Its bits per byte.
    public var bitsPerByte: Double

    /// Creates an entry.
    public init(name: String, bitsPerByte: Double) {
      self.name = name
      self.bitsPerByte = bitsPerByte
    }
  }

  /// The number of steps done.
  public var step: Int
  /// Whose scores they are.
  public var weights: WeightKind
  /// The scores, in the order of the sets.
  public var entries: [Entry]

  /// Creates an evaluation.
  public init(step: Int, weights: WeightKind = .trained, entries: [Entry]) {
    self.step = step
    self.weights = weights
    self.entries = entries
  }

  /// The bits per byte of a set.
  public subscript(name: String) -> Double? {
    entries.first { $0.name == name }?.bitsPerByte
  }
}
