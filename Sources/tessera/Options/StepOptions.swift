import ArgumentParser

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

  mutating func validate() throws {
    if let batchTokens, batchTokens < 1 {
      throw ValidationError("--batch-tokens must be at least 1, not \(batchTokens)")
    }
    if let context, !(1...1 << 20).contains(context) {
      throw ValidationError("--context must be between 1 and 1048576, not \(context)")
    }
    if let warmup, warmup < 0 {
      throw ValidationError("--warmup must be at least 0, not \(warmup)")
    }
    if let learningRate, !(learningRate > 0 && learningRate < 10) {
      throw ValidationError("--lr must be positive and below 10, not \(learningRate)")
    }
  }
}
