import TesseraBasics

/// Whether the translation of a sentence is more likely after it than other sentences, in both directions.
///
/// What stands before a candidate is the sentence and an end of line. By likelihood per byte alone, sentences
/// that are likely anywhere win; the pointwise mutual information takes that away.
enum ParallelProbe {
  /// Pairs with more bytes than this on one side are left out.
  private static let sizeLimit = 512

  /// A choice among translations for each source, and among sources for each translation.
  static func items(
    _ pairs: [(source: [UInt8], target: [UInt8])], _ options: ProbeOptions
  ) -> (toTarget: [ChoiceItem], toSource: [ChoiceItem]) {
    let pairs = pairs.map {
      (source: ProbeText.trimmed($0.source), target: ProbeText.trimmed($0.target))
    }.filter {
      (1...sizeLimit).contains($0.source.count) && (1...sizeLimit).contains($0.target.count)
    }
    return (
      choices(pairs.map(\.source), pairs.map(\.target), options),
      choices(pairs.map(\.target), pairs.map(\.source), options)
    )
  }

  private static func choices(
    _ contexts: [[UInt8]], _ candidates: [[UInt8]], _ options: ProbeOptions
  ) -> [ChoiceItem] {
    let order = candidates.indices.sorted {
      (candidates[$0].count, $0) < (candidates[$1].count, $1)
    }
    return ProbeText.sample(contexts.count, limit: options.itemLimit, seed: options.seed)
      .compactMap { item in
        var random = SplitMix64(seed: options.seed, stream: UInt64(item))
        let others = ProbeText.lengthMatched(
          item, in: candidates, order: order, count: options.candidateCount - 1, random: &random)
        guard others.count == options.candidateCount - 1 else { return nil }
        return ChoiceItem(
          context: contexts[item] + [0x0A],
          candidates: [candidates[item]] + others.map { candidates[$0] })
      }
  }

  static func result(
    _ items: (toTarget: [ChoiceItem], toSource: [ChoiceItem]), _ model: ProbedModel,
    _ progress: (Double) -> Void
  ) throws -> ProbeResult {
    var measures: [ProbeMeasure] = []
    for (index, (name, items)) in [
      ("to_translation", items.toTarget), ("to_source", items.toSource),
    ].enumerated() {
      guard let count = items.first?.candidates.count else { continue }
      let scores = try model.scores(of: items, isolated: true) {
        progress((Double(index) + $0) / 2)
      }
      let chance = 1 / Double(count)
      measures.append(
        ProbeMeasure("\(name)_accuracy", .share, scores.map(\.byBytes), chance: chance))
      measures.append(
        ProbeMeasure(
          "\(name)_information_accuracy", .share, scores.compactMap(\.byInformation),
          chance: chance))
    }
    return ProbeResult(probe: .parallel, measures: measures)
  }
}
