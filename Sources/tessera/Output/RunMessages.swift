import TesseraBasics
import TesseraModels
import TesseraTraining

extension Console {
  /// What training keeps in memory for each parameter beside the optimizer's: weight and gradient, 4
  /// bytes each.
  private static let trainingBytesPerParameter = 8

  /// Says what a training is going to take, as far as that is known before it begins.
  func sayCost(
    parameterCount: Int, optimizerSize: Int, tokenCount: Int, tokensPerSecond: Double?
  ) {
    let size = Double(parameterCount * Self.trainingBytesPerParameter + optimizerSize)
    say(
      "memory: \(formatAmount(size, unit: "B")) for weights, gradients and moments, and the "
        + "activations of a step")
    guard let tokensPerSecond, tokensPerSecond > 0 else { return }
    say(
      "speed: \(groupDigits(Int(min(tokensPerSecond, 1e15)))) tokens/s, about "
        + formatDuration(Double(tokenCount) / tokensPerSecond))
  }

  /// Says what steps are made with, which parameters move, and how the learning rate is going to run.
  func say(_ plan: TrainingPlan, layout: ParameterLayout) {
    say("optimizer: \(plan.optimizer.title)")
    if let averages = plan.averaging.title(steps: plan.steps) { say("averages: \(averages)") }
    for (steps, segment) in plan.schedule.stretches {
      let range =
        steps.count == 1
        ? "step \(groupDigits(steps.upperBound))"
        : "steps \(groupDigits(steps.lowerBound + 1)) to \(groupDigits(steps.upperBound))"
      let course =
        segment.shape == .constant
        ? "\(brief(segment.to))"
        : "\(brief(segment.from)) to \(brief(segment.to)), \(segment.shape.rawValue)"
      say("learning rate: \(range): \(course)")
    }
    for table in StageTable.tables(of: plan, layout: layout) {
      say(
        "stage \"\(table.name)\": steps \(groupDigits(table.steps.lowerBound + 1)) to "
          + groupDigits(table.steps.upperBound))
      let rows = table.lines.map { line in
        [
          line.tensors, line.layerList.isEmpty ? "-" : line.layerList, shortened(line.rowList),
          groupDigits(line.parameterCount),
          line.rate == 0 ? "frozen" : "x \(brief(line.rate))",
          line.rate == 0 ? "-" : brief(line.weightDecay),
        ]
      }
      let text = alignedTable(
        [["tensors", "layers", "rows", "parameters", "rate", "decay"]] + rows)
      for line in text.split(separator: "\n") { say("  " + line) }
    }
  }

  /// Warns of a model directory that a run of adapt or pretrain has left before it was done.
  func warnIfUnfinished(_ folder: String) {
    guard RunDirectory.isUnfinished(folder) else { return }
    say(
      "warning: the run in \(folder) has not ended, so this is not its result yet; go on with "
        + "--resume")
  }

  /// A list that fits into a cell.
  private func shortened(_ list: String) -> String {
    list.count <= 24 ? list : list.prefix(21) + "..."
  }
}
