public import TesseraBasics
public import TesseraModels

/// A named collection of held-out documents that a run scores now and then.
public struct EvaluationSet: Sendable {
  /// What metrics call it.
  public var name: String
  /// Its documents, none of which is trained on.
  public var content: Content

  /// What is scored.
  public enum Content: Sendable {
    /// Whole documents, by models that predict the next token.
    case documents(TokenizedDocuments, ScoringOptions)
    /// Masked words, by encoders.
    case masked(MaskedDocuments)
  }

  /// Creates a set for models that predict the next token.
  public init(name: String, documents: TokenizedDocuments, scoring: ScoringOptions = .init()) {
    self.name = name
    content = .documents(documents, scoring)
  }

  /// Creates a set for encoders.
  public init(name: String, masked: MaskedDocuments) {
    self.name = name
    content = .masked(masked)
  }

  /// The score of a model.
  public func score(
    of model: Transformer, workspace: TransformerWorkspace, progress: ProgressHandler? = nil
  ) -> CorpusScore {
    let phase = "evaluating \(name)"
    switch content {
    case .documents(let documents, let options):
      return model.score(
        documents, options: options, workspace: workspace, phase: phase, progress: progress)
    case .masked(let documents):
      return model.score(documents, workspace: workspace, phase: phase, progress: progress)
    }
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

  /// How far the worst set is over its limit, in bits per byte; 0 when all keep theirs, and infinity
  /// where a score is missing or not a number.
  public func excess(of evaluation: RunEvaluation) -> Double {
    limits.map { limit in
      max(0, Self.comparable(evaluation[limit.name]) - limit.bitsPerByte)
    }.max() ?? 0
  }

  /// Whether `new` is to be preferred to `old`: less over the limits first, then lower on the target.
  public func prefers(_ new: RunEvaluation, to old: RunEvaluation) -> Bool {
    let (newExcess, oldExcess) = (excess(of: new), excess(of: old))
    if newExcess != oldExcess { return newExcess < oldExcess }
    return Self.comparable(new[target]) < Self.comparable(old[target])
  }

  /// A score, with one that is missing or not a number as the worst.
  private static func comparable(_ bitsPerByte: Double?) -> Double {
    guard let bitsPerByte, !bitsPerByte.isNaN else { return .infinity }
    return bitsPerByte
  }
}

extension Selection {
  /// The selection as it is stored beside a state.
  var record: JSONValue {
    .object([
      "target": .string(target),
      "limits": .array(
        limits.map {
          .object(["name": .string($0.name), "bits_per_byte": .init($0.bitsPerByte)])
        }),
    ])
  }
}
