import TesseraBasics

/// Whether a document's own continuation is more likely than those of other documents, per byte.
enum ContinuationProbe {
  /// The bytes of a context, and of what follows it, at most.
  private static let (contextSize, candidateSize) = (512, 96)
  /// The bytes that both have at least; white space is looked for in as many.
  private static let smallest = 32

  /// Documents that are long enough are cut near their middle; candidates are what comes behind the cuts of
  /// other documents, of about the same length.
  static func items(_ documents: [[UInt8]], _ options: ProbeOptions) -> [ChoiceItem] {
    var contexts: [[UInt8]] = []
    var continuations: [[UInt8]] = []
    for document in documents {
      let middle = ProbeText.cut(document, near: document.count / 2, slack: smallest)
      var first = max(0, middle - contextSize)
      while !ProbeText.isBoundary(first, of: document) { first += 1 }
      let end = ProbeText.cut(document, near: middle + candidateSize, slack: smallest)
      guard middle - first >= smallest, end - middle >= smallest else { continue }
      contexts.append(Array(document[first..<middle]))
      continuations.append(Array(document[middle..<end]))
    }
    let order = continuations.indices.sorted {
      (continuations[$0].count, $0) < (continuations[$1].count, $1)
    }
    return ProbeText.sample(contexts.count, limit: options.itemLimit, seed: options.seed)
      .compactMap { item in
        var random = SplitMix64(seed: options.seed, stream: UInt64(item))
        let others = ProbeText.lengthMatched(
          item, in: continuations, order: order, count: options.candidateCount - 1,
          random: &random)
        guard others.count == options.candidateCount - 1 else { return nil }
        return ChoiceItem(
          context: contexts[item],
          candidates: [continuations[item]] + others.map { continuations[$0] })
      }
  }

  static func result(
    _ items: [ChoiceItem], _ model: ProbedModel, _ progress: (Double) -> Void
  ) throws -> ProbeResult {
    guard let count = items.first?.candidates.count else {
      return ProbeResult(probe: .continuation, measures: [])
    }
    let scores = try model.scores(of: items, progress: progress)
    return ProbeResult(
      probe: .continuation,
      measures: [
        ProbeMeasure("accuracy", .share, scores.map(\.byBytes), chance: 1 / Double(count))
      ])
  }
}
