import TesseraBasics

/// What a call of ``TrainingRun/run(progress:shouldStop:onUnremoved:)`` did.
public struct TrainingOutcome: Hashable, Sendable {
  /// Whether all steps are done; false after an interruption.
  public var isComplete: Bool
  /// The steps done, those before resuming included.
  public var steps: Int
  /// The tokens seen in them.
  public var tokens: Int
  /// The steps left out because their gradient was not finite, or they were spikes.
  public var skippedSteps: Int
  /// How often the run went back to earlier weights.
  public var rollbacks: Int
  /// The time that this call took, evaluations included.
  public var seconds: Double
  /// The time of all calls.
  public var time: RunTime
  /// The most memory that the process has taken until the end of this call, in bytes; nil where the system
  /// does not tell.
  public var peakMemorySize: Int? = ProcessMemory.peakSize
  /// The tokens trained on per second of this call.
  public var tokensPerSecond: Double
  /// What the steps of this call have computed in a second; nil if there were none.
  public var roofline: Roofline?
}

/// What one step did.
struct StepReport: Hashable, Sendable {
  var stage: String
  var loss: Double
  var gradientNorm: Double
  var learningRate: Double
  /// Why no update was made; nil if one was.
  var skipped: StepGuard.Reason?
  /// The step that the run went back to.
  var rolledBackTo: Int?
  /// How far loss and norm are above those of the last steps, in standard deviations.
  var lossScore: Double?
  var gradientScore: Double?

  /// The step as a line of the metrics.
  func record(
    step: Int, tokens: Int, seconds: Double, operationsPerToken: Double, bytes: Double
  ) -> JSONValue {
    var record: JSONObject = [
      "step": .init(step),
      "stage": .string(stage),
      "loss": loss.isFinite ? .init(loss) : .null,
      "learning_rate": .init(learningRate),
      "gradient_norm": gradientNorm.isFinite ? .init(gradientNorm) : .null,
      "tokens": .init(step * tokens),
      "tokens_per_second": .init((Double(tokens) / seconds).rounded()),
      "bytes_per_second": .init((bytes / seconds).rounded()),
      "operations_per_second": .init((operationsPerToken * Double(tokens) / seconds).rounded()),
    ]
    if let lossScore { record["loss_z"] = .init(lossScore) }
    if let gradientScore { record["gradient_norm_z"] = .init(gradientScore) }
    if let skipped {
      record["skipped"] = .bool(true)
      record["reason"] = .string(skipped.rawValue)
    }
    if let rolledBackTo { record["rolled_back_to"] = .init(rolledBackTo) }
    return .object(record)
  }

  /// A few words for the progress line.
  func summary(tokensPerSecond: Double) -> String {
    let loss =
      rolledBackTo.map { "back to step \($0)" } ?? skipped.map { "skipped: \($0.rawValue)" }
      ?? "loss \(Self.fixed(loss, digits: 3))"
    return "\(loss), \(Int(tokensPerSecond.rounded())) tokens/s"
  }

  /// A number with a fixed number of digits after the point.
  static func fixed(_ value: Double, digits: Int) -> String {
    guard value.isFinite, abs(value) < 1e9 else { return "\(value)" }
    var scale = 1
    for _ in 0..<digits { scale *= 10 }
    let scaled = Int((abs(value) * Double(scale)).rounded())
    let fraction = String(scaled % scale)
    let zeros = String(repeating: "0", count: digits - fraction.count)
    return "\(value < 0 ? "-" : "")\(scaled / scale).\(zeros)\(fraction)"
  }
}

extension RunEvaluation {
  /// The evaluation as a line of the metrics; without a kind, the weights are those that are trained.
  func record(measure: ScoreMeasure) -> JSONValue {
    var record: JSONObject = ["step": .init(step)]
    if weights != .trained { record["weights"] = .string(weights.rawValue) }
    record[measure.rawValue] = .object(
      JSONObject(members: entries.map { ($0.name, .init($0.bitsPerByte)) }))
    return .object(record)
  }
}
