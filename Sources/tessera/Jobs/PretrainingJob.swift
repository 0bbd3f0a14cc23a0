import TesseraBasics
import TesseraModels
import TesseraTokenizers
import TesseraTraining

/// What `pretrain` and `continue` do once they know what to begin with: plan, train, tell.
struct PretrainingJob {
  /// What begins the run; nil for random weights.
  let beginning: RunBeginning?
  /// The tokenizer of the model.
  let tokenizer: Tokenizer
  let sources: [Pretraining.Source]
  let options: PretrainingOptions
  /// Whether the speed of training is measured for the plan.
  let isTimed: Bool
  let output: OutputOptions
  let inputs: [String]
  let isJSON: Bool

  /// Prints the plan on standard output, and leaves no trace.
  func plan(_ console: Console) throws {
    let job = try makeJob(resuming: nil, console)
    let memory = try job.memory(processSize: ProcessMemory.currentSize ?? 0)
    if isJSON {
      try console.printJSON(job.record.with(memory))
    } else {
      try writeToStandardOutput(lines(of: job, memory).map { $0 + "\n" }.joined())
    }
  }

  /// Trains, or goes on with it.
  func run(resume: Bool, _ console: Console) throws {
    var directory = try RunDirectory(
      path: output.output, force: output.force, resume: resume, inputs: inputs)
    let job = try makeJob(resuming: directory.record, console)
    if !directory.isResumed {
      // The record first: it shows whose the folder is.
      try directory.write(job.record)
      try RunConfiguration.current.write(to: output.output)
    }
    if !isJSON {
      let memory = try job.memory(processSize: ProcessMemory.currentSize ?? 0)
      for line in lines(of: job, memory) { console.say(line) }
    }
    let result = try job.run(
      in: &directory, progress: console.progress, onResume: console.sayResumed,
      onUnremoved: console.warnUnremoved)
    guard let result else { throw Interrupted(resumableFolder: output.output) }
    console.finishProgress()
    if isJSON { try console.printJSON(result.record) } else { show(result, console) }
  }

  private func makeJob(resuming record: JSONValue?, _ console: Console) throws -> Pretraining {
    try console.during(isTimed ? "measuring the speed of training" : "planning") {
      try Pretraining(
        tokenizer: tokenizer, sources: sources, options: options, beginning: beginning,
        resuming: record)
    }
  }

  /// What is going to happen.
  private func lines(of job: Pretraining, _ memory: MemoryPlan) -> [String] {
    let tokens = job.plan.steps * job.data.batchTokenCount
    let name = beginning == nil ? options.size.rawValue : job.configuration.family.rawValue
    return [
      "model: \(name), \(groupDigits(job.layout.count)) parameters, vocabulary "
        + "\(groupDigits(job.configuration.vocabularySize)), context "
        + groupDigits(job.configuration.contextLength),
      beginningLine(job),
      "plan: \(groupDigits(job.plan.steps)) steps of \(groupDigits(job.data.batchTokenCount)) tokens, "
        + "\(groupDigits(tokens)) tokens in all",
    ] + job.data.lines(steps: job.plan.steps) + job.plan.lines(layout: job.layout)
      + [kernelLine(for: job.plan.precision)]
      + costLines(memory, tokenCount: tokens, tokensPerSecond: job.plannedTokensPerSecond)
  }

  /// What the run begins with, which tells the verbs apart that train.
  private func beginningLine(_ job: Pretraining) -> String {
    guard let beginning else { return "\(job.kind.rawValue): begins with \(job.kind.beginning)" }
    return "\(job.kind.rawValue): begins with weights and moments of \(beginning.path) after step "
      + "\(groupDigits(beginning.step)), "
      + (job.plan.scheduleFirstStep > 0
        ? "and goes on in its learning rate's curve" : "with new data and a new schedule")
  }

  /// Prints the result.
  private func show(_ result: PretrainingResult, _ console: Console) {
    let score =
      result.score.map { "\(fixed($0.bitsPerByte, 4)) \(result.measure.title)" } ?? "not measured"
    console.say(
      """
      trained on \(groupDigits(result.outcome.tokens)) tokens; this call took \
      \(formatDuration(result.outcome.seconds)), \
      \(groupDigits(Int(result.outcome.tokensPerSecond))) tokens/s
      held-out documents: \(score)
      \(rooflineLines(result.outcome).joined(separator: "\n"))
      """)
    if result.measure == .bitsPerByte {
      console.say("next: tessera generate --model \(output.output) --prompt \"Once\"")
    }
  }
}
