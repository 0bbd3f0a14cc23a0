import TesseraTraining

extension TrainingData {
  /// Which source gives how much of a run, and in which stages.
  func lines(steps: Int) -> [String] {
    let mask = masksDocuments ? ", attention inside of documents" : ""
    var lines = ["sequences: \(groupDigits(sequenceLength)) tokens, \(packing.rawValue)\(mask)"]
    let (epochs, shares, targets) = (
      epochs(after: steps), shares(after: steps), targetShares
    )
    let rows = sources.enumerated().map { number, source in
      [
        source.name, groupDigits(source.documents.count),
        groupDigits(source.documents.tokens.count), percent(shares[number]),
        fixed(epochs[number], 2), percent(targets[number]),
        source.prefixes.isEmpty ? "-" : "up to \(source.prefixes.longest) tokens",
      ]
    }
    let header = ["source", "documents", "tokens", "of the run", "passes", "targets", "prefix"]
    lines += alignedTable([header] + rows).split(separator: "\n").map { "  " + $0 }
    guard stages.count > 1 else { return lines }
    let hasPrefixes = sources.contains { !$0.prefixes.isEmpty }
    for (stage, steps) in zip(stages, stageSteps(steps: steps)) {
      let shares = sources.enumerated().map { number, source in
        "\(source.name) \(percent(stage.mixture.share(of: number)))"
      }
      let range =
        steps.count == 1
        ? "step \(groupDigits(steps.upperBound))"
        : "steps \(groupDigits(steps.lowerBound + 1)) to \(groupDigits(steps.upperBound))"
      lines.append(
        "data: \(range): " + shares.joined(separator: ", ")
          + (hasPrefixes ? "; prefixes before \(percent(stage.prefixShare))" : ""))
    }
    return lines
  }

  private func percent(_ share: Double) -> String { "\(fixed(100 * share, 1)) %" }
}
