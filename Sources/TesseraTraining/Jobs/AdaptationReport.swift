public import TesseraBasics

/// What an adaptation did to a model: the same held-out bytes before and after.
public struct AdaptationReport: Sendable {
  /// One corpus.
  public struct Row: Sendable {
    /// The corpus' name.
    public var name: String
    /// The base model's score, with the base tokenizer.
    public var before: CorpusScore
    /// The adapted model's score, with the extended tokenizer.
    public var after: CorpusScore

    /// Creates a row.
    public init(name: String, before: CorpusScore, after: CorpusScore) {
      self.name = name
      self.before = before
      self.after = after
    }

    /// How many bits per byte the model has gained; negative is better.
    public var change: Double { after.bitsPerByte - before.bitsPerByte }

    /// The change as a share of what it was.
    public var relativeChange: Double { change / before.bitsPerByte }

    /// The row as a JSON object.
    ///
    /// - Parameter measure: What the bits per byte are, which names their keys.
    public func record(measure: ScoreMeasure) -> JSONValue {
      .object(
        JSONObject(members: [
          ("name", .string(name)),
          ("documents", .init(before.documents.count)),
          ("bytes", .init(before.bytes)),
          ("bytes_per_token_before", .init(before.bytesPerToken)),
          ("bytes_per_token_after", .init(after.bytesPerToken)),
          (measure.rawValue + "_before", .init(before.bitsPerByte)),
          (measure.rawValue + "_after", .init(after.bitsPerByte)),
          (measure.rawValue + "_change", .init(change)),
          (
            measure.rawValue + "_change_interval",
            ScoreComparison(base: before, model: after).changeInterval().map {
              .array([.init($0.lowerBound), .init($0.upperBound)])
            } ?? .null
          ),
          ("relative_change", .init(relativeChange)),
        ]))
    }
  }

  /// The base model, as it was named.
  public var baseModel: String
  /// The new language.
  public var target: Row
  /// The language to keep, if there is a corpus of it.
  public var replay: Row?
  /// The number of new tokens.
  public var newTokenCount: Int
  /// The training.
  public var training: AdaptationResult
  /// The whole job's time; of calls that were killed, up to their last state.
  public var seconds: Double
  /// The plan of the training.
  public var plan: JSONValue
  /// What the scores are.
  public var measure: ScoreMeasure

  /// Creates a report.
  public init(
    baseModel: String, target: Row, replay: Row?, newTokenCount: Int, training: AdaptationResult,
    seconds: Double, plan: JSONValue, measure: ScoreMeasure = .bitsPerByte
  ) {
    self.baseModel = baseModel
    self.target = target
    self.replay = replay
    self.newTokenCount = newTokenCount
    self.training = training
    self.seconds = seconds
    self.plan = plan
    self.measure = measure
  }

  /// Whether the limit of forgetting is exceeded by the new rows alone, before the first step.
  public var forgetsBeforeTraining: Bool {
    guard !training.keepsLimit, let replay,
      let first = training.evaluations.first(where: { $0.step == 0 }),
      let last = training.evaluations.first(where: {
        $0.step == training.chosenStep && $0.weights == training.chosenWeights
      }),
      first.entries.count > 1, last.entries.count > 1
    else { return false }
    let gone = first.entries[1].bitsPerByte - replay.before.bitsPerByte
    return gone > 0 && gone >= last.entries[1].bitsPerByte - first.entries[1].bitsPerByte
  }

  /// The report as a JSON object.
  public var record: JSONValue {
    .object([
      "kind": .string(RunKind.adapt.rawValue),
      "base_model": .string(baseModel),
      "measure": .string(measure.rawValue),
      "target": target.record(measure: measure),
      "replay": replay?.record(measure: measure) ?? .null,
      "new_tokens": .init(newTokenCount),
      "chosen_step": .init(training.chosenStep),
      "chosen_weights": .string(training.chosenWeights.rawValue),
      "keeps_limit": .bool(training.keepsLimit),
      "steps": .init(training.outcome.steps),
      "tokens": .init(training.outcome.tokens),
      "skipped_steps": .init(training.outcome.skippedSteps),
      "seconds": .init(seconds),
      "peak_memory_bytes": training.outcome.peakMemorySize.map { .init($0) } ?? .null,
      "roofline": training.outcome.roofline?.record ?? .null,
      "plan": plan,
    ])
  }

  /// The model card: what the model is, what it was made from, and how it was measured.
  ///
  /// The head between the two lines of dashes is what the Hugging Face hub reads.
  ///
  /// - Parameter baseCards: The files in the same folder with the cards of the base, of the base's base
  ///   and so on.
  public func modelCard(baseCards: [String]) -> String {
    let rows = [target, replay].compactMap { $0 }
    let table = rows.map { row in
      "| \(row.name) | \(row.before.documents.count) | \(row.before.bytes) "
        + "| \(Self.fixed(row.before.bytesPerToken, 2)) | \(Self.fixed(row.after.bytesPerToken, 2)) "
        + "| \(Self.fixed(row.before.bitsPerByte, 3)) | \(Self.fixed(row.after.bitsPerByte, 3)) |"
    }.joined(separator: "\n")
    return """
      ---
      library_name: transformers
      pipeline_tag: \(measure == .bitsPerByte ? "text-generation" : "fill-mask")
      tags:
      - tessera
      - vocabulary-expansion
      - continued-pretraining
      ---

      # \(Self.lastComponent(baseModel)), adapted to \(target.name)

      The model \(Self.lastComponent(baseModel)) with \(newTokenCount) new tokens, trained for \
      \(training.outcome.steps) steps (\(training.outcome.tokens) tokens) on \(target.name)\
      \(replay.map { " with replay of \($0.name)" } ?? ""). The weights are those after step \
      \(training.chosenStep)\(training.chosenWeights.phrase).

      \(measurement)

      | corpus | documents | bytes | bytes per token before | after | \(measure.title) before | after |
      |---|---|---|---|---|---|---|
      \(table)

      \(Self.mention(of: baseCards))\
      The plan of the run is in `run.json`, every step in `metrics.jsonl`, the new tokens in \
      `extension.json`, and these numbers in `report.json`.

      """
  }

  /// How it was measured.
  private var measurement: String {
    switch measure {
    case .bitsPerByte:
      "Bits per byte are measured on whole documents that were never trained on, the same bytes before "
        + "and after; lower is better."
    case .bitsPerMaskedByte:
      "Bits per masked byte are the loss of masked words over their bytes, in documents that were never "
        + "trained on, the same words before and after; lower is better. All columns are of masked words."
    }
  }

  private static func mention(of baseCards: [String]) -> String {
    guard let first = baseCards.first else { return "" }
    func link(_ name: String) -> String { "[\(name)](\(name))" }
    let others = baseCards.dropFirst()
    return "The base model's own card is \(link(first))"
      + (others.isEmpty
        ? "" : "; those of the models before it are " + others.map(link).joined(separator: ", "))
      + ".\n\n"
  }

  /// A number with a fixed number of digits after the point.
  private static func fixed(_ value: Double, _ digits: Int) -> String {
    StepReport.fixed(value, digits: digits)
  }

  /// The last part of a path.
  private static func lastComponent(_ path: String) -> String { Path.lastComponent(of: path) }
}
