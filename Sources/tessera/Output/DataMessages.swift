import TesseraTraining

extension Console {
  /// Says which source gives how much of a run, and in which stages.
  func say(_ data: TrainingData, steps: Int) {
    let mask = data.masksDocuments ? ", attention inside of documents" : ""
    say("sequences: \(groupDigits(data.sequenceLength)) tokens, \(data.packing.rawValue)\(mask)")
    let (epochs, shares, targets) = (
      data.epochs(after: steps), data.shares(after: steps), data.targetShares
    )
    let rows = data.sources.enumerated().map { number, source in
      [
        source.name, groupDigits(source.documents.count),
        groupDigits(source.documents.tokens.count), percent(shares[number]),
        fixed(epochs[number], 2), percent(targets[number]),
        source.prefixes.isEmpty ? "-" : "up to \(source.prefixes.longest) tokens",
      ]
    }
    let header = ["source", "documents", "tokens", "of the run", "passes", "targets", "prefix"]
    for line in alignedTable([header] + rows).split(separator: "\n") { say("  " + line) }
    guard data.stages.count > 1 else { return }
    let hasPrefixes = data.sources.contains { !$0.prefixes.isEmpty }
    for (stage, steps) in zip(data.stages, data.stageSteps(steps: steps)) {
      let shares = data.sources.enumerated().map { number, source in
        "\(source.name) \(percent(stage.mixture.share(of: number)))"
      }
      let range =
        steps.count == 1
        ? "step \(groupDigits(steps.upperBound))"
        : "steps \(groupDigits(steps.lowerBound + 1)) to \(groupDigits(steps.upperBound))"
      say(
        "data: \(range): " + shares.joined(separator: ", ")
          + (hasPrefixes ? "; prefixes before \(percent(stage.prefixShare))" : ""))
    }
  }

  private func percent(_ share: Double) -> String { "\(fixed(100 * share, 1)) %" }
}
