public import TesseraModels

extension TrainingRun {
  /// How many tokens a second this machine trains on, measured on a copy of the model.
  ///
  /// - Parameters:
  ///   - model: The model; it stays as it is.
  ///   - data: The data; the batches of the first steps are used.
  ///   - stages: What moves.
  ///   - optimizer: What turns them into steps.
  ///   - microBatchSequenceCount: The most sequences in one forward and backward.
  ///   - configure: Sets what else of the plan takes time or memory.
  ///   - seconds: About how long to measure; at least two steps are made.
  /// - Throws: ``TrainingRunError/notFinite(step:inARow:)`` for a model that is broken.
  public static func tokensPerSecond(
    of model: Transformer, on data: TrainingData, stages: [TrainingStage],
    optimizer: OptimizerOptions = OptimizerOptions(), microBatchSequenceCount: Int,
    seconds: Double = 3, configure: (inout TrainingPlan) -> Void = { _ in }
  ) throws(TrainingRunError) -> Double {
    var plan = TrainingPlan(
      steps: 1_000, schedule: .constant(peak: 1e-9, steps: 1_000),
      stages: stages, optimizer: optimizer, microBatchSequenceCount: microBatchSequenceCount)
    configure(&plan)
    var run = TrainingRun(model: model, plan: plan, data: data)
    let clock = ContinuousClock()
    // The first step warms caches and makes the workspace grow.
    var count = 0
    var start = clock.now
    var end = clock.now
    _ = try run.run(shouldStop: {
      end = clock.now
      if count == 1 { start = end }
      defer { count += 1 }
      return count >= 3 && start.duration(to: end) > .seconds(seconds)
    })
    let duration = start.duration(to: end).components
    let elapsed = Double(duration.seconds) + Double(duration.attoseconds) / 1e18
    return Double((count - 2) * data.batchTokenCount) / elapsed
  }
}
