import ArgumentParser
import TesseraTraining

/// The options of runs over a corpus, from nothing or from where another run has ended.
struct RunArguments: ParsableArguments {
  @OptionGroup var corpus: CorpusArguments
  @OptionGroup var budget: BudgetOptions
  @OptionGroup var step: StepOptions
  @OptionGroup var schedule: ScheduleArguments
  @OptionGroup var optimizer: OptimizerArguments
  @OptionGroup var parameters: ParameterArguments
  @OptionGroup var data: DataArguments
  @OptionGroup var guards: GuardArguments
  @OptionGroup var averaging: AveragingArguments
  @OptionGroup var masking: MaskingArguments
  @OptionGroup var saving: SavingArguments

  /// Sees to it that options go together.
  func check(force: Bool) throws {
    if budget.budget == nil { throw ValidationError("give one of --steps, --tokens and --minutes") }
    _ = try schedule.options(warmup: step.warmup)
    try budget.checkTokens(batchTokens: step.batchTokens)
    try saving.check(force: force)
  }

  /// What they ask of a run.
  ///
  /// - Parameter sources: The names of its sources.
  func options(sources: [String]) throws -> PretrainingOptions {
    var options = PretrainingOptions(budget: budget.budget ?? .steps(1))
    if let context = step.context { options.contextLength = context }
    options.batchTokenCount = step.batchTokens
    options.learningRate = step.learningRate
    options.precision = step.precision
    options.recomputesActivations = step.recompute
    options.schedule = try schedule.options(warmup: step.warmup)
    options.optimizer = optimizer.options
    options.weightDecay = optimizer.weightDecay
    options.selection = parameters.selection
    options.stages = parameters.stage
    options.masking = try masking.options()
    options.data = try data.options(sources: sources)
    options.guards = guards.options
    options.averaging = averaging.options
    options.saveInterval = saving.saveEvery
    return options
  }
}
