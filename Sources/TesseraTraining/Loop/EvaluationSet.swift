/// A named collection of held-out documents that a run scores now and then.
public struct EvaluationSet: Sendable {
  /// What metrics call it.
  public var name: String
  /// Its documents, none of which is trained on.
  public var documents: TokenizedDocuments
  /// How they are scored.
  public var scoring: ScoringOptions

  /// Creates a set.
  public init(name: String, documents: TokenizedDocuments, scoring: ScoringOptions = .init()) {
    self.name = name
    self.documents = documents
    self.scoring = scoring
  }
}

/// Which of the evaluated weights a run returns: the best on one set among those that keep the others.
public struct Selection: Hashable, Sendable {
  /// The set whose bits per byte should be low.
  public var target: String
  /// Sets that must not get worse, and the most bits per byte that each may have.
  public var limits: [Limit]

  /// An upper bound for one set.
  public struct Limit: Hashable, Sendable {
    /// The set's name.
    public var name: String
    /// The most bits per byte that it may have.
    public var bitsPerByte: Double

    /// Creates a limit.
    public init(name: String, bitsPerByte: Double) {
      self.name = name
      self.bitsPerByte = bitsPerByte
    }
  }

  /// Creates a selection.
  public init(target: String, limits: [Limit] = []) {
    self.target = target
    self.limits = limits
  }

  /// How far the worst set is over its limit, in bits per byte; 0 when all keep theirs.
  public func excess(of evaluation: RunEvaluation) -> Double {
    limits.map { limit in
      evaluation[limit.name].map { max(0, $0 - limit.bitsPerByte) } ?? 0
    }.max() ?? 0
  }

  /// Whether `new` is to be preferred to `old`: less over the limits first, then lower on the target.
  public func prefers(_ new: RunEvaluation, to old: RunEvaluation) -> Bool {
    let (newExcess, oldExcess) = (excess(of: new), excess(of: old))
    if newExcess != oldExcess { return newExcess < oldExcess }
    return (new[target] ?? .infinity) < (old[target] ?? .infinity)
  }
}
