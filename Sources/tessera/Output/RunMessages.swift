import TesseraBasics
import TesseraModels
import TesseraTraining

extension Console {
  /// Warns of a model directory that a run of adapt or pretrain has left before it was done.
  func warnIfUnfinished(_ folder: String) {
    guard RunDirectory.isUnfinished(folder) else { return }
    say(
      "warning: the run in \(folder) has not ended, so this is not its result yet; go on with "
        + "--resume")
  }

}

/// What a training is going to take, as far as that is known before it begins.
func costLines(_ memory: MemoryPlan, tokenCount: Int, tokensPerSecond: Double?) -> [String] {
  func amount(_ size: Int) -> String { formatAmount(Double(size), unit: "B") }
  let parts = MemoryPlan.Part.allCases.compactMap { part in
    memory.sizes[part].flatMap { $0 > 0 ? "\(part.title) \(amount($0))" : nil }
  }
  var lines = ["memory: \(amount(memory.peakSize)) at most: \(parts.joined(separator: ", "))"]
  if let tokensPerSecond, tokensPerSecond > 0 {
    lines.append(
      "speed: \(groupDigits(Int(min(tokensPerSecond, 1e15)))) tokens/s, about "
        + formatDuration(Double(tokenCount) / tokensPerSecond))
  }
  return lines
}

extension TrainingPlan {
  /// What steps are made with, which parameters move, and how the learning rate is going to run.
  func lines(layout: ParameterLayout) -> [String] {
    var lines = ["optimizer: \(optimizer.title)"]
    if let averages = averaging.title(steps: steps) { lines.append("averages: \(averages)") }
    for (steps, segment) in schedule.stretches where steps.upperBound > scheduleFirstStep {
      // Steps are those of this run; a curve that goes on has begun before.
      let (first, last) = (
        max(steps.lowerBound - scheduleFirstStep, 0) + 1, steps.upperBound - scheduleFirstStep
      )
      let range =
        first == last
        ? "step \(groupDigits(last))" : "steps \(groupDigits(first)) to \(groupDigits(last))"
      let from = steps.lowerBound < scheduleFirstStep ? learningRate(at: 0) : segment.from
      let course =
        segment.shape == .constant
        ? "\(brief(segment.to))"
        : "\(brief(from)) to \(brief(segment.to)), \(segment.shape.rawValue)"
      lines.append("learning rate: \(range): \(course)")
    }
    for table in StageTable.tables(of: self, layout: layout) {
      lines.append(
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
      lines += text.split(separator: "\n").map { "  " + $0 }
    }
    return lines
  }
}

extension JSONValue {
  /// A plan's record with its memory, which depends on the machine.
  func with(_ memory: MemoryPlan) -> JSONValue {
    var record = self
    record["memory"] = memory.record
    return record
  }
}

/// A list that fits into a cell.
private func shortened(_ list: String) -> String {
  list.count <= 24 ? list : list.prefix(21) + "..."
}
