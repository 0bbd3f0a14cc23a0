import TesseraTraining

/// What `evaluate` prints for people: one table for each kind of result.
struct EvaluationTables {
  /// A row of bits per byte.
  func row(_ name: String, _ score: CorpusScore, _ interval: ClosedRange<Double>?) -> [String] {
    [
      name, groupDigits(score.documents.count), groupDigits(score.bytes),
      fixed(score.bytesPerToken, 2), fixed(score.bitsPerByte, 4), bounds(interval),
    ]
  }

  /// A row of a comparison with the base.
  func row(_ name: String, windows: String, _ comparison: ScoreComparison) -> [String] {
    [
      name, windows, fixed(comparison.base.bitsPerByte, 4),
      fixed(comparison.model.bitsPerByte, 4), signed(comparison.change, 4),
      bounds(comparison.changeInterval(), 4),
    ]
  }

  /// The rows of the probes of a text.
  func rows(_ name: String, _ probed: ProbedText) -> [[String]] {
    probed.pairs.flatMap { result, base -> [[String]] in
      if result.measures.isEmpty {
        return [[name, result.probe.rawValue, "the text has nothing to make it of"]]
      }
      return result.measures.map { measure in
        var row = [
          name, result.probe.rawValue, measure.name.replacing("_", with: " "),
          groupDigits(measure.values.count), fixed(measure.value, 3), bounds(measure.interval),
          (measure.chance ?? measure.ofCorpus).map { fixed($0, 3) } ?? "",
        ]
        if probed.base != nil {
          let before = base?[measure.name]
          row.append(before.map { fixed($0.value, 3) } ?? "")
          let change = before.flatMap { measure.change(from: $0) }
          row.append(change.map { signed($0.value, 3) } ?? "")
          row.append(bounds(change?.interval))
        }
        return row
      }
    }
  }

  /// All tables, with empty lines between them.
  func text(
    scores: [[String]], measure: ScoreMeasure, comparisons: [[String]], probes: [[String]],
    drift: String
  ) -> String {
    var parts: [String] = []
    if !scores.isEmpty {
      parts.append(
        alignedTable(
          [["corpus", "documents", "bytes", "bytes/token", measure.columnTitle, "95 % interval"]]
            + scores))
    }
    if !comparisons.isEmpty {
      parts.append(
        alignedTable(
          [["corpus", "windows of", "base bits/byte", "bits/byte", "change", "95 % interval"]]
            + comparisons))
    }
    if !probes.isEmpty {
      var header = ["corpus", "probe", "measure", "items", "value", "95 % interval", "chance/text"]
      if probes.contains(where: { $0.count > header.count }) {
        header += ["base", "change", "95 % interval"]
      }
      parts.append(alignedTable([header] + probes))
    }
    if !drift.isEmpty { parts.append(drift) }
    return parts.joined(separator: "\n")
  }

  /// The tables of drift.
  func text(_ weights: CheckpointDrift, _ states: StateDrift?) -> String {
    func row(_ name: String, _ distance: WeightDistance) -> [String] {
      [
        name, groupDigits(distance.elementCount), fixed(distance.relativeDistance, 5),
        fixed(distance.cosine, 6),
      ]
    }
    var text = alignedTable(
      [["weights", "compared", "relative distance", "cosine"]]
        + weights.parts.map { row($0.name, $0.distance) } + [row("all", weights.total)])
    if !weights.skipped.isEmpty {
      text += "not compared: \(groupDigits(weights.skipped.count)) tensors\n"
    }
    if let states {
      text += "\n"
      text += alignedTable(
        [["hidden states", "positions", "relative distance", "mean cosine"]]
          + states.depths.map {
            [
              $0.depth == 0 ? "embedding" : "after layer \($0.depth - 1)",
              groupDigits(states.positionCount), fixed($0.relativeDistance, 5),
              fixed($0.meanCosine, 6),
            ]
          })
    }
    return text
  }

  private func bounds(_ interval: ClosedRange<Double>?, _ digits: Int = 3) -> String {
    interval.map { "[\(fixed($0.lowerBound, digits)), \(fixed($0.upperBound, digits))]" } ?? ""
  }

  private func signed(_ value: Double, _ digits: Int) -> String {
    (value < 0 ? "" : "+") + fixed(value, digits)
  }
}
