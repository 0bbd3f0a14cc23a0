public import ArgumentParser
public import TesseraTensors

extension Precision: ExpressibleByArgument {}

/// What a step is made of.
struct StepOptions: ParsableArguments {
  @Option(help: "Tokens of a step. (default: by the length of the run)")
  var batchTokens: Int?

  @Option(help: "Tokens of a training sequence. (default: the model's, 512 for a new one)")
  var context: Int?

  @Option(name: .customLong("lr"), help: "The highest learning rate. (default: by model and data)")
  var learningRate: Double?

  @Option(help: "Steps over which the learning rate rises. (default: by the length of the run)")
  var warmup: Int?

  @Option(
    help: """
      The precision of the products of training steps: f32, or bf16 with weights and sums in f32, which is \
      faster and needs AVX-512 BF16 or AMX.
      """)
  var precision = Precision.float32

  @Flag(
    help: """
      Keep what each layer reads alone, and compute the rest a second time on the way back: less memory, a \
      third more time, the same bits.
      """)
  var recompute = false

  /// The most tokens of a step: the largest batches of published runs have 16 million.
  static let maximumBatchTokens = 1 << 26
  /// The longest training sequence: attention takes time in proportion to its square.
  static let maximumContext = 1 << 17

  mutating func validate() throws {
    try checkRange("--batch-tokens", batchTokens, 1...Self.maximumBatchTokens)
    try checkRange("--context", context, 1...Self.maximumContext)
    try checkRange("--warmup", warmup, 0...BudgetOptions.maximumSteps)
    if !precision.isAvailable {
      throw ValidationError(
        "--precision \(precision.rawValue) needs AVX-512 BF16 or AMX, which this processor has not")
    }
    if let learningRate, !(learningRate > 0 && learningRate < 10) {
      throw ValidationError("--lr must be positive and below 10, not \(learningRate)")
    }
  }
}
