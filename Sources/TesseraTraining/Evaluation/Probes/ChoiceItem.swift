import TesseraBasics

/// A context, and texts that might follow it, of which the first one does.
struct ChoiceItem: Hashable, Sendable {
  /// What stands before; may be empty.
  var context: [UInt8]
  /// The right one, and others.
  var candidates: [[UInt8]]
}

/// What a model gives the candidates of an item.
struct ChoiceScores {
  /// The negative log likelihood of each candidate after the context, in nats.
  var nats: [Double]
  /// The same without the context, if asked for.
  var unconditional: [Double]?
  /// The bytes of each.
  var sizes: [Int]

  /// Whether the first candidate has the highest likelihood per byte: 1, or 0, or a part where several share
  /// it.
  var byBytes: Double { Self.credit(zip(nats, sizes).map { $0 / Double(max(1, $1)) }) }

  /// The same for the likelihood that the context adds, per byte: pointwise mutual information.
  var byInformation: Double? {
    unconditional.map { alone in
      Self.credit(zip(zip(nats, alone), sizes).map { ($0.0 - $0.1) / Double(max(1, $1)) })
    }
  }

  /// What the first one is worth where the lowest is right. One that is not a number is the worst.
  private static func credit(_ costs: [Double]) -> Double {
    let costs = costs.map { $0.isNaN ? .infinity : $0 }
    guard let lowest = costs.min(), costs[0] == lowest, lowest.isFinite else { return 0 }
    return 1 / Double(costs.count { $0 == lowest })
  }
}

extension ProbedModel {
  /// Scores the candidates of items.
  ///
  /// Context and candidate are encoded as one text; what is scored are the tokens behind those that it has
  /// in common with the context alone.
  ///
  /// - Parameter isolated: Whether candidates are scored without context as well.
  func scores(
    of items: [ChoiceItem], isolated: Bool = false, progress: (_ share: Double) -> Void
  ) throws -> [ChoiceScores] {
    let contexts = try encode(items.map(\.context))
    let full = try encode(items.flatMap { item in item.candidates.map { item.context + $0 } })
    var sequences: [ScoredSequence] = []
    var next = 0
    for (item, context) in zip(items, contexts) {
      for _ in item.candidates {
        let tokens = full[next]
        next += 1
        let shared = zip(context, tokens).prefix { $0 == $1 }.count
        sequences.append(ScoredSequence(tokens: tokens, scored: shared..<tokens.count))
      }
    }
    if isolated {
      for tokens in try encode(items.flatMap(\.candidates)) {
        sequences.append(ScoredSequence(tokens: tokens, scored: 0..<tokens.count))
      }
    }
    let nats = losses(of: sequences, progress: progress).map { losses in
      losses.reduce(0) { $0 + Double($1) }
    }
    var start = 0
    return items.map { item in
      let range = start..<start + item.candidates.count
      start = range.upperBound
      return ChoiceScores(
        nats: Array(nats[range]),
        unconditional: isolated
          ? Array(nats[range.lowerBound + full.count..<range.upperBound + full.count]) : nil,
        sizes: item.candidates.map(\.count))
    }
  }
}
